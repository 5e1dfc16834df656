package io.clocktower.http;

import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import jakarta.inject.Singleton;
import java.io.IOException;

/**
 * Where HTTP listens, while a successor of this process takes the port over: both listen for a moment (SO_REUSEPORT), so that no
 * connection is refused. Only processes of the same user can share a port, and only while this is allowed.
 */
@Singleton
public final class HttpPort {

    private final HttpTransport transport;

    HttpPort(Vertx vertx) {
        transport = (HttpTransport) ((VertxInternal) vertx).transport();
    }

    /** Whether another process of the same user may listen at the same port from now on. */
    public void share(boolean isAllowed) throws IOException {
        transport.share(isAllowed);
    }

    /** Accepts no more connections here; those that are open go on. */
    public void stopAccepting() {
        transport.stopAccepting();
    }
}
