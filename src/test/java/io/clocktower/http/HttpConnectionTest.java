package io.clocktower.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When a connection is late, and when it may be closed for another one; times are in seconds. */
class HttpConnectionTest {

    private final HttpConnection connection = new HttpConnection(0);

    private static long s(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    @Test
    void aClientHasTenSecondsForAHeadHoweverOftenItSendsAByte() {
        connection.onHttp1(s(1));
        for (int i = 2; i < 11; i++) {
            connection.onReceived(s(i));
            assertFalse(connection.isLate(s(i)));
        }
        assertTrue(connection.isLate(s(11)));
    }

    @Test
    void aClientThatSendsNothingIsLateToo() {
        assertFalse(connection.isLate(s(9)));
        assertTrue(connection.isLate(s(10)));
    }

    @Test
    void aClientHasThirtySecondsForABody() {
        connection.onHttp1(0);
        connection.onRequest(s(5));
        assertFalse(connection.isLate(s(34)));
        assertTrue(connection.isLate(s(35)));

        connection.onRequestEnd();
        assertFalse(connection.isLate(s(1_000)), "now it waits for the service");
    }

    @Test
    void betweenRequestsItIsNeverLateAndTheNextHeadHasItsOwnTime() {
        connection.onHttp1(0);
        connection.onRequest(s(1));
        connection.onRequestEnd();
        connection.onAnswer(s(2));
        assertFalse(connection.isLate(s(100)));

        connection.onReceived(s(100));
        connection.onReceived(s(105));
        assertFalse(connection.isLate(s(109)));
        assertTrue(connection.isLate(s(110)));
    }

    @Test
    void itIsIdleUntilARequestAndAfterTheLastAnswer() {
        assertEquals(s(3), connection.idleNs(s(3)));
        connection.onHttp1(s(3));
        connection.onRequest(s(4));
        connection.onRequest(s(5));
        connection.onAnswer(s(6));
        assertEquals(-1, connection.idleNs(s(100)), "one of two is not answered");

        connection.onAnswer(s(101));
        assertEquals(s(4), connection.idleNs(s(105)));
    }

    @Test
    void anHttp2ConnectionIsIdleWhenNothingWasSentForLongerThanAHeartbeat() {
        connection.onHttp2(s(1));
        assertFalse(connection.isLate(s(1_000)));
        connection.onSent(s(15));
        assertEquals(-1, connection.idleNs(s(34)));
        assertEquals(s(20), connection.idleNs(s(35)));
    }
}
