package io.clocktower.http;

import io.netty.channel.ChannelFactory;
import io.netty.channel.ServerChannel;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.impl.transports.JDKTransport;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The sockets of Vert.x, with a limit of connections, with deadlines for requests, and with stricter rules for HTTP/1.
 * Quarkus's own limit ({@code max-connections}) counts a connection only after its first byte or TLS handshake, and its idle
 * timeout starts again at every byte.
 */
public final class HttpTransport extends JDKTransport {

    private final HttpConnections connections;
    private final Set<AcceptingChannel> accepting = ConcurrentHashMap.newKeySet();
    private volatile boolean isShared;
    private volatile Optional<HttpServerOptions> options = Optional.empty();

    /**
     * @param isShared whether another process of the same user may listen at the same port
     */
    HttpTransport(int maxConnections, boolean isShared) {
        this.isShared = isShared;
        connections = new HttpConnections(maxConnections);
    }

    public HttpConnections connections() {
        return connections;
    }

    void add(AcceptingChannel channel) throws IOException {
        accepting.add(channel);
        channel.share(isShared);
    }

    void remove(AcceptingChannel channel) {
        accepting.remove(channel);
    }

    /** Whether another process of the same user may listen at the same port from now on. */
    void share(boolean isAllowed) throws IOException {
        isShared = isAllowed;
        for (AcceptingChannel channel : accepting) {
            channel.share(isAllowed);
        }
    }

    /** Accepts no more connections; those that are open go on. */
    void stopAccepting() {
        accepting.forEach(AcceptingChannel::close);
    }

    /** What the server was configured with; the same for HTTP and HTTPS as far as requests are concerned. */
    void configure(HttpServerOptions server) {
        options = Optional.of(server);
    }

    Optional<HttpServerOptions> options() {
        return options;
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean isDomainSocket) {
        return isDomainSocket ? super.serverChannelFactory(true) : () -> new AcceptingChannel(this);
    }
}
