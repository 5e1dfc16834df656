package io.clocktower.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** A client of the event stream that reads bytes off a socket, chunks and all, when the test wants it to. */
final class EventStreamClient implements AutoCloseable {

    private static final int TIMEOUT_MS = 20_000;
    private static final int SMALL_BUFFER = 4_096;

    private final Socket socket = new Socket();
    private final BufferedReader in;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final int status;

    /** What was sent of one event: its fields. */
    record Event(Map<String, String> fields) {

        String type() {
            return fields.get("event");
        }

        long id() {
            return Long.parseLong(fields.get("id"));
        }

        JsonNode data() throws IOException {
            return new ObjectMapper().readTree(fields.get("data"));
        }
    }

    /**
     * @param lastEventId the event after which to begin; may be null
     */
    EventStreamClient(URI root, String query, String lastEventId) throws IOException {
        socket.setReceiveBufferSize(SMALL_BUFFER);
        socket.connect(new InetSocketAddress(root.getHost(), root.getPort()));
        socket.setSoTimeout(TIMEOUT_MS);
        socket.getOutputStream().write(("GET /api/v1/events" + query + " HTTP/1.1\r\nHost: 127.0.0.1:" + root.getPort()
                + "\r\nAccept: */*\r\n" + (lastEventId == null ? "" : "Last-Event-ID: " + lastEventId + "\r\n")
                + "\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        status = Integer.parseInt(in.readLine().split(" ")[1]);
        for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
            headers.put(line.substring(0, line.indexOf(':')).toLowerCase(java.util.Locale.ROOT),
                    line.substring(line.indexOf(':') + 1).strip());
        }
    }

    int status() {
        return status;
    }

    Map<String, String> headers() {
        return headers;
    }

    /** The next line of the stream that is not of the chunks that carry it; null at its end. */
    String line() throws IOException {
        String line = in.readLine();
        while (line != null && line.matches("[0-9a-f]+")) {
            if (line.equals("0")) {
                return null;
            }
            line = in.readLine();
        }
        return line;
    }

    /** The next event, comments left out; null at the end of the stream. */
    Event next() throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line = line(); line != null; line = line()) {
            if (line.isEmpty() && fields.containsKey("data")) {
                return new Event(fields);
            }
            if (line.indexOf(':') > 0) {
                fields.put(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 1).strip());
            }
        }
        return null;
    }

    /** Reads until the opening comment, after which no event is missed. */
    EventStreamClient awaitOpen() throws IOException {
        String line = line();
        while (!":events".equals(line)) {
            if (line == null) {
                throw new IOException("the stream ended before it began");
            }
            line = line();
        }
        return this;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
