package io.clocktower.http;

import java.util.concurrent.TimeUnit;

/**
 * What one connection waits for, and since when. A client has {@link #HEAD_NS} to send the head of a request and
 * {@link #BODY_NS} to send its body, no matter how often it sends a byte. The event loop of the channel owns the connection;
 * any thread may call {@link #idleNs}. Times are those of {@link System#nanoTime}.
 */
final class HttpConnection {

    static final long HEAD_NS = TimeUnit.SECONDS.toNanos(10);
    static final long BODY_NS = TimeUnit.SECONDS.toNanos(30);
    /** The requests of HTTP/2 are not counted. An open event stream sends something more often than this. */
    static final long HTTP2_IDLE_NS = TimeUnit.SECONDS.toNanos(20);

    private enum Protocol {
        UNKNOWN, HTTP_1, HTTP_2
    }

    private volatile Protocol protocol = Protocol.UNKNOWN;
    /** The number of requests without a complete answer. HTTP/1 only. */
    private volatile int unanswered;
    private volatile long idleSinceNs;
    private boolean isHeadDue = true;
    private long headSinceNs;
    private boolean isBodyDue;
    private long bodySinceNs;

    HttpConnection(long nowNs) {
        idleSinceNs = nowNs;
        headSinceNs = nowNs;
    }

    /** The client uses HTTP/1. With TLS, the handshake is complete. */
    void onHttp1(long nowNs) {
        protocol = Protocol.HTTP_1;
        isHeadDue = true;
        headSinceNs = nowNs;
    }

    /** The client uses HTTP/2, perhaps after an upgrade. */
    void onHttp2(long nowNs) {
        protocol = Protocol.HTTP_2;
        isHeadDue = false;
        isBodyDue = false;
        idleSinceNs = nowNs;
    }

    /** The client sent some bytes. */
    void onReceived(long nowNs) {
        if (protocol == Protocol.HTTP_1 && unanswered == 0 && !isHeadDue) {
            isHeadDue = true;
            headSinceNs = nowNs;
        }
    }

    /** The service sent some bytes. */
    void onSent(long nowNs) {
        if (protocol == Protocol.HTTP_2) {
            idleSinceNs = nowNs;
        }
    }

    /** The head of a request is complete. */
    void onRequest(long nowNs) {
        unanswered = unanswered + 1;
        isHeadDue = false;
        isBodyDue = true;
        bodySinceNs = nowNs;
    }

    /** The request is complete. */
    void onRequestEnd() {
        isBodyDue = false;
    }

    /** The answer to the oldest request is complete. */
    void onAnswer(long nowNs) {
        unanswered = unanswered - 1;
        idleSinceNs = nowNs;
    }

    /** Whether the client has exceeded the time for a head or a body. */
    boolean isLate(long nowNs) {
        return isHeadDue && nowNs - headSinceNs >= HEAD_NS || isBodyDue && nowNs - bodySinceNs >= BODY_NS;
    }

    /** How long the connection has been idle, in nanoseconds; -1 if it is in use. */
    long idleNs(long nowNs) {
        long idleNs = nowNs - idleSinceNs;
        boolean isIdle = protocol == Protocol.HTTP_2 ? idleNs >= HTTP2_IDLE_NS : unanswered == 0;
        return isIdle ? idleNs : -1;
    }
}
