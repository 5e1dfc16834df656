package io.clocktower.frontend;

import io.clocktower.linux.Descriptor;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.FileDescriptorCast;

/** A front-end's side of a vhost-user connection, which sends whatever a test wants, sound or not. */
public final class FrontEnd implements AutoCloseable {

    public static final int GET_FEATURES = 1;
    public static final int SET_FEATURES = 2;
    public static final int SET_OWNER = 3;
    public static final int RESET_OWNER = 4;
    public static final int SET_MEM_TABLE = 5;
    public static final int SET_LOG_BASE = 6;
    public static final int SET_LOG_FD = 7;
    public static final int SET_VRING_NUM = 8;
    public static final int SET_VRING_ADDR = 9;
    public static final int SET_VRING_BASE = 10;
    public static final int GET_VRING_BASE = 11;
    public static final int SET_VRING_KICK = 12;
    public static final int SET_VRING_CALL = 13;
    public static final int SET_VRING_ERR = 14;
    public static final int GET_PROTOCOL_FEATURES = 15;
    public static final int SET_PROTOCOL_FEATURES = 16;
    public static final int GET_QUEUE_NUM = 17;
    public static final int SET_VRING_ENABLE = 18;
    public static final int RESET_DEVICE = 34;
    public static final int GET_MAX_MEM_SLOTS = 36;
    public static final int ADD_MEM_REG = 37;
    public static final int REM_MEM_REG = 38;
    public static final int SET_STATUS = 39;
    public static final int GET_STATUS = 40;
    public static final int SET_DEVICE_STATE_FD = 42;
    public static final int CHECK_DEVICE_STATE = 43;

    /** Directions and the phase of a transfer of the device's state. */
    public static final int SAVE = 0;
    public static final int LOAD = 1;
    public static final int STOPPED = 0;

    public static final int VERSION = 1;
    public static final int REPLY = 4;
    public static final int NEED_REPLY = 8;

    public static final long LOG_ALL = 1L << 26;
    public static final long INDIRECT_DESC = 1L << 28;
    public static final long EVENT_IDX = 1L << 29;
    public static final long PROTOCOL_FEATURES = 1L << 30;
    public static final long VERSION_1 = 1L << 32;
    public static final long RING_PACKED = 1L << 34;
    public static final long ALL_PROTOCOL_FEATURES = 1 | 1 << 1 | 1 << 3 | 1 << 13 | 1 << 15 | 1 << 16
            | 1 << 19;

    private static final int TIMEOUT_MS = 10_000;
    private static final int ANCILLARY_BYTES = 256;

    private final AFUNIXSocket socket;

    public FrontEnd(Path path) throws IOException {
        socket = AFUNIXSocket.newInstance();
        socket.connect(AFUNIXSocketAddress.of(path));
        socket.setSoTimeout(TIMEOUT_MS);
        socket.setAncillaryReceiveBufferSize(ANCILLARY_BYTES);
    }

    /** The side of a front-end that listens, to which a device has connected. */
    public static FrontEnd accept(AFUNIXServerSocket listening) throws IOException {
        return new FrontEnd(listening.accept());
    }

    private FrontEnd(AFUNIXSocket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(TIMEOUT_MS);
    }

    /** A payload in the machine's byte order. */
    public static ByteBuffer payload(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }

    public static byte[] u64(long value) {
        return payload(8).putLong(value).array();
    }

    public static byte[] state(int index, int num) {
        return payload(8).putInt(index).putInt(num).array();
    }

    public static byte[] addresses(int index, long table, long used, long available) {
        return payload(40).putInt(index).putInt(0).putLong(table).putLong(used).putLong(available).putLong(0).array();
    }

    /** The same of a ring to which writes are logged, those to its used ring under a guest address. */
    public static byte[] loggedAddresses(int index, long table, long used, long available, long log) {
        return payload(40).putInt(index).putInt(1).putLong(table).putLong(used).putLong(available).putLong(log).array();
    }

    public static byte[] log(long size, long offset) {
        return payload(16).putLong(size).putLong(offset).array();
    }

    /** A memory table's payload. */
    public static byte[] table(List<GuestMemory> regions) {
        ByteBuffer payload = payload(8 + 32 * regions.size()).putInt(regions.size()).putInt(0);
        regions.forEach(region -> putRegion(payload, region));
        return payload.array();
    }

    public static byte[] region(GuestMemory region) {
        return putRegion(payload(40).putLong(0), region).array();
    }

    private static ByteBuffer putRegion(ByteBuffer payload, GuestMemory region) {
        return payload.putLong(region.guestAddress()).putLong(region.sizeBytes()).putLong(region.userAddress())
                .putLong(region.mmapOffset());
    }

    /** Sends a message as it is told. */
    public void send(int request, int flags, byte[] payload, Descriptor... descriptors) throws IOException {
        sendRaw(message(request, flags, payload.length, payload), descriptors);
    }

    public static byte[] message(int request, int flags, int size, byte[] payload) {
        return payload(12 + payload.length).putInt(request).putInt(flags).putInt(size).put(payload).array();
    }

    public void sendRaw(byte[] bytes, Descriptor... descriptors) throws IOException {
        if (descriptors.length > 0) {
            FileDescriptor[] files = new FileDescriptor[descriptors.length];
            for (int i = 0; i < files.length; i++) {
                files[i] = FileDescriptorCast.unsafeUsing(descriptors[i].number()).getFileDescriptor();
            }
            socket.setOutboundFileDescriptors(files);
        }
        socket.getOutputStream().write(bytes);
    }

    /** Sends a request that has a reply, and answers its payload. */
    public byte[] ask(int request, byte[] payload) throws IOException {
        send(request, VERSION, payload);
        return reply(request);
    }

    public long askU64(int request) throws IOException {
        return ByteBuffer.wrap(ask(request, new byte[0])).order(ByteOrder.nativeOrder()).getLong();
    }

    /** Sends a request and asks for its acknowledgement, which it answers: zero for success. */
    public long acknowledged(int request, byte[] payload, Descriptor... descriptors) throws IOException {
        send(request, VERSION | NEED_REPLY, payload, descriptors);
        return ByteBuffer.wrap(reply(request)).order(ByteOrder.nativeOrder()).getLong();
    }

    /** Sends a request that must succeed. */
    public void must(int request, byte[] payload, Descriptor... descriptors) throws IOException {
        long result = acknowledged(request, payload, descriptors);
        if (result != 0) {
            throw new AssertionError("request " + request + " was refused: " + result);
        }
    }

    /** Receives the reply to a request that was sent before, and answers its payload. */
    public byte[] reply(int request) throws IOException {
        byte[] bytes = socket.getInputStream().readNBytes(12);
        if (bytes.length < 12) {
            throw new IOException("the connection was closed");
        }
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        int[] expected = {request, VERSION | REPLY};
        int[] actual = {header.getInt(), header.getInt()};
        if (!Arrays.equals(expected, actual)) {
            throw new AssertionError("reply " + Arrays.toString(actual) + ", expected " + Arrays.toString(expected));
        }
        return socket.getInputStream().readNBytes(header.getInt());
    }

    /** Waits until the back-end closes the connection; anything else is an error. */
    public void awaitClosed() throws IOException {
        try {
            int read = socket.getInputStream().read();
            if (read != -1) {
                throw new AssertionError("the back-end sent something");
            }
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the connection was not closed", e);
        } catch (java.net.SocketException e) {
            // Reset, because it had not read all that we sent.
        }
    }

    /** Waits until the back-end closes the connection, whatever it sent before. */
    public void skipToClosed() throws IOException {
        try {
            while (socket.getInputStream().read() != -1) {
                // A reply to a request that was sound.
            }
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the connection was not closed", e);
        } catch (java.net.SocketException e) {
            // Reset, because it had not read all that we sent.
        }
    }

    /**
     * What a back-end answers to SET_DEVICE_STATE_FD.
     *
     * @param end the front-end's end of the pipe that the back-end made; null if none came
     */
    public record Transfer(long result, FileDescriptor end) {

        /** The same over another descriptor of the end. */
        public static Transfer over(Descriptor end) throws IOException {
            return new Transfer(0, FileDescriptorCast.unsafeUsing(end.move().number()).getFileDescriptor());
        }

        /** Reads all that comes until the other end is closed. */
        public byte[] readAll() throws IOException {
            try (var in = new FileInputStream(end)) {
                return in.readAllBytes();
            }
        }

        /** Writes all of it and closes the end. */
        public void write(byte[] state) throws IOException {
            try (var out = new FileOutputStream(end)) {
                out.write(state);
            }
        }

        /** Another descriptor of the end, which is the caller's. */
        public Descriptor duplicate() throws IOException {
            return new Descriptor(FileDescriptorCast.using(end).as(Integer.class)).duplicate();
        }
    }

    /** Asks for a transfer of the device's state. */
    public Transfer transfer(int direction, int phase, Descriptor... descriptors) throws IOException {
        send(SET_DEVICE_STATE_FD, VERSION, state(direction, phase), descriptors);
        long result = ByteBuffer.wrap(reply(SET_DEVICE_STATE_FD)).order(ByteOrder.nativeOrder()).getLong();
        FileDescriptor[] received = socket.getReceivedFileDescriptors();
        return new Transfer(result, received == null || received.length == 0 ? null : received[0]);
    }

    /** Begins a transfer with a pipe, as QEMU does; the back-end must agree. */
    public Transfer transfer(int direction) throws IOException {
        try (Descriptor offered = Libc.pipe()) {
            Transfer transfer = transfer(direction, STOPPED, offered);
            if (transfer.result() != 0 || transfer.end() == null) {
                throw new AssertionError("no transfer: " + transfer);
            }
            return transfer;
        }
    }

    /** Saves the device's state, all of whose rings are stopped. */
    public byte[] save() throws IOException {
        byte[] state = transfer(SAVE).readAll();
        long result = askU64(CHECK_DEVICE_STATE);
        if (result != 0) {
            throw new AssertionError("the state was not saved: " + result);
        }
        return state;
    }

    /** Loads a state, and answers what CHECK_DEVICE_STATE does: zero for success. */
    public long load(byte[] state) throws IOException {
        transfer(LOAD).write(state);
        return askU64(CHECK_DEVICE_STATE);
    }

    /** Negotiates everything that the back-end offers. */
    public void negotiate(long features) throws IOException {
        askU64(GET_FEATURES);
        send(SET_PROTOCOL_FEATURES, VERSION, u64(ALL_PROTOCOL_FEATURES));
        must(SET_OWNER, new byte[0]);
        must(SET_FEATURES, u64(features | PROTOCOL_FEATURES));
    }

    public void setMemory(List<GuestMemory> regions) throws IOException {
        must(SET_MEM_TABLE, table(regions),
                regions.stream().map(GuestMemory::file).toArray(Descriptor[]::new));
    }

    /** Has the back-end log its writes in a file. */
    public void setLog(Descriptor file, long size, long offset) throws IOException {
        send(SET_LOG_BASE, VERSION, log(size, offset), file);
        reply(SET_LOG_BASE);
    }

    /** Sets up a ring and enables it. */
    public void setRing(int index, GuestMemory memory, RingDriver driver, int base, Descriptor kick, Descriptor call,
            Descriptor err) throws IOException {
        must(SET_VRING_NUM, state(index, driver.size()));
        must(SET_VRING_BASE, state(index, base));
        must(SET_VRING_ADDR, addresses(index, memory.userAddressOf(driver.descriptorArea()),
                memory.userAddressOf(driver.deviceArea()), memory.userAddressOf(driver.driverArea())));
        must(SET_VRING_CALL, u64(index), call);
        must(SET_VRING_ERR, u64(index), err);
        must(SET_VRING_KICK, u64(index), kick);
        must(SET_VRING_ENABLE, state(index, 1));
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
