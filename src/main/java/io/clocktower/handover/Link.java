package io.clocktower.handover;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.PassingSocket;
import io.clocktower.linux.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The connection between a service and its successor.
 *
 * <pre>
 * successor                     predecessor
 *   HELLO (format, release)  →
 *                            ←  WELCOME, or REFUSED (reason)
 *   TAKE                     →               the predecessor pauses
 *                            ←  RECORD (be32 number of descriptors, JSON), FILES (descriptors, the token as the last)
 *   SERVING                  →               the successor has taken the token; the predecessor ends
 *
 * message: be32 type, be32 length of the payload, payload
 * </pre>
 */
final class Link implements AutoCloseable {

    private static final int HEADER_BYTES = 8;
    /** A thousand devices have less. */
    private static final int MAX_PAYLOAD_BYTES = 256 << 20;

    /** In the order of the protocol; the number is the ordinal, so new ones come last. */
    enum Type {
        HELLO, REFUSED, WELCOME, TAKE, RECORD, FILES, SERVING
    }

    private final PassingSocket socket;

    Link(Descriptor socket) {
        this.socket = new PassingSocket(socket);
    }

    UnixSocket.Credentials peer() {
        return socket.peer();
    }

    void send(Type type, byte[] payload, List<Descriptor> descriptors, Duration patience) throws IOException {
        byte[] message = ByteBuffer.allocate(HEADER_BYTES + payload.length).putInt(type.ordinal())
                .putInt(payload.length).put(payload).array();
        socket.send(message, descriptors, patience);
    }

    void send(Type type, String text, Duration patience) throws IOException {
        send(type, text.getBytes(StandardCharsets.UTF_8), List.of(), patience);
    }

    void send(Type type, Duration patience) throws IOException {
        send(type, "", patience);
    }

    /** Sends descriptors, which stay the caller's, as many messages as it takes. */
    void sendFiles(List<Descriptor> descriptors, Duration patience) throws IOException {
        for (int i = 0; i < descriptors.size(); i += PassingSocket.MAX_DESCRIPTORS) {
            List<Descriptor> part = descriptors.subList(i,
                    Math.min(descriptors.size(), i + PassingSocket.MAX_DESCRIPTORS));
            send(Type.FILES, new byte[0], part, patience);
        }
    }

    /**
     * Receives a message of a type.
     *
     * @throws IOException if another one comes, or none in time; what a REFUSED says is the message
     */
    byte[] receive(Type expected, Duration patience) throws IOException {
        List<Descriptor> surplus = new ArrayList<>();
        try {
            return receive(expected, surplus, patience);
        } finally {
            surplus.forEach(Descriptor::close);
        }
    }

    private byte[] receive(Type expected, List<Descriptor> descriptors, Duration patience) throws IOException {
        try {
            ByteBuffer header = ByteBuffer.wrap(socket.receive(HEADER_BYTES, descriptors, patience));
            int type = header.getInt();
            int length = header.getInt();
            if (length < 0 || length > MAX_PAYLOAD_BYTES) {
                throw new IOException("message of %d bytes".formatted(length));
            }
            byte[] payload = socket.receive(length, descriptors, patience);
            if (type == Type.REFUSED.ordinal()) {
                throw new IOException(new String(payload, StandardCharsets.UTF_8));
            }
            if (type != expected.ordinal()) {
                throw new IOException("message of type %d, expected %s".formatted(type, expected));
            }
            return payload;
        } catch (LinuxException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * A record that was received.
     *
     * @param files its descriptors, which are the caller's
     */
    record Received(byte[] json, List<Descriptor> files) {}

    /** Sends a record, and descriptors, which stay the caller's. */
    void sendRecord(byte[] json, List<Descriptor> files, Duration patience) throws IOException {
        byte[] payload = ByteBuffer.allocate(Integer.BYTES + json.length).putInt(files.size()).put(json).array();
        send(Type.RECORD, payload, List.of(), patience);
        sendFiles(files, patience);
    }

    Received receiveRecord(Duration patience) throws IOException {
        byte[] payload = receive(Type.RECORD, patience);
        if (payload.length < Integer.BYTES) {
            throw new IOException("record of %d bytes".formatted(payload.length));
        }
        List<Descriptor> files = receiveFiles(ByteBuffer.wrap(payload).getInt(), patience);
        return new Received(Arrays.copyOfRange(payload, Integer.BYTES, payload.length), files);
    }

    /** Receives so many descriptors, which are the caller's. */
    List<Descriptor> receiveFiles(int count, Duration patience) throws IOException {
        List<Descriptor> descriptors = new ArrayList<>();
        boolean isComplete = false;
        try {
            while (descriptors.size() < count) {
                int before = descriptors.size();
                receive(Type.FILES, descriptors, patience);
                if (descriptors.size() == before) {
                    throw new IOException("the kernel dropped descriptors: raise RLIMIT_NOFILE");
                }
            }
            if (descriptors.size() != count) {
                throw new IOException("%d descriptors, expected %d".formatted(descriptors.size(), count));
            }
            isComplete = true;
            return descriptors;
        } finally {
            if (!isComplete) {
                descriptors.forEach(Descriptor::close);
            }
        }
    }

    /** Takes out all that is there, and closes its descriptors. */
    void discard() {
        List<Descriptor> descriptors = new ArrayList<>();
        try {
            while (true) {
                socket.receive(1, descriptors, Duration.ZERO);
            }
        } catch (IOException | LinuxException e) {
            descriptors.forEach(Descriptor::close);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
