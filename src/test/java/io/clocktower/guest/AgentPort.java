package io.clocktower.guest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The host's end of the agent's serial port: a socket that one QEMU connects to, read line by line in a thread. */
public final class AgentPort implements AutoCloseable {

    private final ServerSocketChannel server;
    /** The lines that came; an empty one, and nothing after it, when the peer has gone. */
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
    /** Set before the first line is in the queue. */
    private volatile SocketChannel peer;

    private AgentPort(ServerSocketChannel server) {
        this.server = server;
    }

    public static AgentPort listen(Path socket) throws IOException {
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            server.close();
            throw e;
        }
        var port = new AgentPort(server);
        Thread.ofVirtual().name("agent port").start(port::receive);
        return port;
    }

    /** The next line; empty if the peer has gone or the time is over. */
    public Optional<String> next(Duration deadline) throws InterruptedException {
        var line = lines.poll(deadline.toNanos(), TimeUnit.NANOSECONDS);
        return line == null ? Optional.empty() : line;
    }

    public void send(String line) throws IOException {
        var bytes = ByteBuffer.wrap((line + "\n").getBytes(UTF_8));
        while (bytes.hasRemaining()) {
            peer.write(bytes);
        }
    }

    /** To the peer, this is a hang-up. */
    @Override
    public void close() throws IOException {
        server.close();
        if (peer != null) {
            peer.close();
        }
    }

    private void receive() {
        try (var connection = server.accept()) {
            peer = connection;
            var line = new ByteArrayOutputStream();
            var bytes = ByteBuffer.allocate(4096);
            while (connection.read(bytes.clear()) >= 0) {
                for (bytes.flip(); bytes.hasRemaining();) {
                    byte next = bytes.get();
                    if (next == '\n') {
                        lines.add(Optional.of(line.toString(UTF_8)));
                        line.reset();
                    } else {
                        line.write(next);
                    }
                }
            }
        } catch (IOException e) {
            // The port was closed, or the peer died: its console log says more than this could.
        } finally {
            lines.add(Optional.empty());
        }
    }
}
