package io.clocktower.app;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Requests that a client of the JDK would not send: bytes written to a socket of their own. */
final class RawHttp {

    private static final int TIMEOUT_MS = 20_000;

    private final URI root;

    RawHttp(URI root) {
        this.root = root;
    }

    /** An answer; its head ends with an empty line. */
    record Answer(String head, String body) {

        int status() {
            return Integer.parseInt(head.split(" ")[1]);
        }

        boolean isProblem() {
            return head.toLowerCase(Locale.ROOT).contains("content-type: application/problem+json")
                    && body.contains("\"status\":" + status()) && body.contains("\"detail\":\"");
        }
    }

    Socket open(String beginning) throws IOException {
        var socket = new Socket("127.0.0.1", root.getPort());
        socket.setSoTimeout(TIMEOUT_MS);
        socket.getOutputStream().write(beginning.getBytes(StandardCharsets.ISO_8859_1));
        return socket;
    }

    /** Sends a head and waits for the answer: {@code |} stands for the end of a line, the last one is added. */
    Answer send(String head) throws IOException {
        return sendText(head.replace("|", "\r\n") + "\r\n\r\n");
    }

    Answer sendText(String text) throws IOException {
        try (Socket socket = open(text)) {
            return answer(socket);
        }
    }

    /** The answer, as long as its head says. */
    static Answer answer(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the connection was closed after: " + head);
            }
            head.write(next);
        }
        String text = head.toString(StandardCharsets.ISO_8859_1);
        int length = text.toLowerCase(Locale.ROOT).lines().filter(line -> line.startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(line.substring(line.indexOf(':') + 1).strip())).findFirst()
                .orElse(0);
        return new Answer(text, new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    /** Whether the service closes a connection within the time that a read may take. */
    static boolean isClosed(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }
}
