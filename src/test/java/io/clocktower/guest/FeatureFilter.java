package io.clocktower.guest;

import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/**
 * Stands between one front-end and its back-end, and withholds features that the back-end offers. QEMU's generic
 * vhost-user devices, vhost-user-rtc-pci among them, offer the driver all that the back-end offers whatever the
 * device's properties say, so that {@code packed=off} is not enough for a split ring.
 */
final class FeatureFilter implements AutoCloseable {

    static final long RING_PACKED = 1L << 34;

    private static final int HEADER_BYTES = 12;
    private static final int SIZE_OFFSET = 8;
    private static final int GET_FEATURES = 1;
    private static final int MAX_DESCRIPTORS_BYTES = 1024;

    private final AFUNIXServerSocket server;
    private final AFUNIXSocket backEnd;
    private final long withheld;
    private volatile AFUNIXSocket frontEnd;

    private FeatureFilter(AFUNIXServerSocket server, AFUNIXSocket backEnd, long withheld) {
        this.server = server;
        this.backEnd = backEnd;
        this.withheld = withheld;
    }

    /** Listens at {@code socket} for the front-end of the device at {@code backEnd}. */
    static FeatureFilter listen(Path socket, Path backEnd, long withheld) throws IOException {
        var filter = new FeatureFilter(AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(socket)),
                AFUNIXSocket.connectTo(AFUNIXSocketAddress.of(backEnd)), withheld);
        Thread.ofPlatform().daemon().name("feature filter").start(() -> filter.run(filter::passRequests));
        return filter;
    }

    private interface Pump {
        void run() throws IOException;
    }

    /** When one direction has ended there is nothing left for the other. */
    private void run(Pump pump) {
        try {
            pump.run();
        } catch (EOFException | SocketException e) {
            // One of the three has gone.
        } catch (IOException e) {
            throw new IllegalStateException("the feature filter failed", e);
        } finally {
            close();
        }
    }

    private void passRequests() throws IOException {
        frontEnd = server.accept();
        frontEnd.setAncillaryReceiveBufferSize(MAX_DESCRIPTORS_BYTES);
        Thread.ofPlatform().daemon().name("feature filter, replies").start(() -> run(this::passReplies));
        for (;;) {
            var request = message(frontEnd.getInputStream());
            var descriptors = frontEnd.getReceivedFileDescriptors();
            if (descriptors != null && descriptors.length > 0) {
                backEnd.setOutboundFileDescriptors(descriptors);
            }
            backEnd.getOutputStream().write(request.array());
            if (descriptors != null) {
                for (FileDescriptor descriptor : descriptors) {
                    new FileOutputStream(descriptor).close();
                }
            }
        }
    }

    private void passReplies() throws IOException {
        for (;;) {
            var reply = message(backEnd.getInputStream());
            if (reply.getInt(0) == GET_FEATURES) {
                reply.putLong(HEADER_BYTES, reply.getLong(HEADER_BYTES) & ~withheld);
            }
            frontEnd.getOutputStream().write(reply.array());
        }
    }

    /** The next message, whole and alone: one receive must not take the descriptors of another message. */
    private static ByteBuffer message(InputStream in) throws IOException {
        var header = ByteBuffer.wrap(exactly(HEADER_BYTES, in)).order(ByteOrder.nativeOrder());
        int payloadBytes = header.getInt(SIZE_OFFSET);
        return ByteBuffer.allocate(HEADER_BYTES + payloadBytes).order(ByteOrder.nativeOrder()).put(header)
                .put(exactly(payloadBytes, in));
    }

    private static byte[] exactly(int count, InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException();
        }
        return bytes;
    }

    @Override
    public void close() {
        try {
            server.close();
            backEnd.close();
            if (frontEnd != null) {
                frontEnd.close();
            }
        } catch (IOException e) {
            // They are closed as far as anybody cares.
        }
    }
}
