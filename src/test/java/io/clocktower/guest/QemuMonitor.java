package io.clocktower.guest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A connection to a QEMU's monitor: one line a command, one line its answer, and events between them. */
final class QemuMonitor implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final SocketChannel channel;
    private final BufferedReader lines;
    private final List<JsonNode> events = new ArrayList<>();

    QemuMonitor(Path socket) {
        try {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
            lines = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), UTF_8));
            receive();
            run("qmp_capabilities", "{}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a command with its arguments in JSON; what it returns. */
    JsonNode run(String command, String arguments) {
        try {
            var line = "{\"execute\":\"%s\",\"arguments\":%s}\n".formatted(command, arguments);
            channel.write(ByteBuffer.wrap(line.getBytes(UTF_8)));
            for (;;) {
                var answer = receive();
                if (answer.has("return")) {
                    return answer.get("return");
                }
                if (answer.has("error")) {
                    throw new IllegalStateException(line + answer);
                }
                events.add(answer);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void run(String command) {
        run(command, "{}");
    }

    /** Waits for an event, and forgets it and those before it. */
    void await(String event, Predicate<JsonNode> isData) {
        try {
            for (;;) {
                while (!events.isEmpty()) {
                    var next = events.removeFirst();
                    if (next.path("event").asText().equals(event) && isData.test(next.path("data"))) {
                        return;
                    }
                }
                events.add(receive());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private JsonNode receive() throws IOException {
        var line = lines.readLine();
        if (line == null) {
            throw new IOException("QEMU has closed its monitor");
        }
        return JSON.readTree(line);
    }
}
