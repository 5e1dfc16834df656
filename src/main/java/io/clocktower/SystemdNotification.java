package io.clocktower;

import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.vertx.http.HttpServerStart;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jboss.logging.Logger;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/**
 * Tells the service manager, if it asks by {@code NOTIFY_SOCKET}, when the service is ready and when it begins to stop: VMs
 * that start after it find their sockets. sd_notify(3).
 */
@ApplicationScoped
public class SystemdNotification {

    private static final Logger LOG = Logger.getLogger(SystemdNotification.class);
    private static final String VARIABLE = "NOTIFY_SOCKET";

    void onReady(@ObservesAsync HttpServerStart event) {
        send("READY=1");
    }

    void onStopping(@Observes ShutdownDelayInitiatedEvent event) {
        send("STOPPING=1");
    }

    private static void send(String state) {
        String socket = System.getenv(VARIABLE);
        if (socket == null || socket.isEmpty()) {
            return;
        }
        try (AFUNIXDatagramChannel sender = AFUNIXDatagramChannel.open()) {
            sender.connect(address(socket));
            sender.write(ByteBuffer.wrap(state.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            LOG.warnf("cannot tell the service manager %s at %s: %s", state, socket, e.getMessage());
        }
    }

    /** A name that begins with {@code @} is in the abstract namespace. */
    private static AFUNIXSocketAddress address(String socket) throws IOException {
        return socket.startsWith("@")
                ? AFUNIXSocketAddress.inAbstractNamespace(socket.substring(1))
                : AFUNIXSocketAddress.of(new File(socket));
    }
}
