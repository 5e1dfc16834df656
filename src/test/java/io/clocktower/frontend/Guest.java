package io.clocktower.frontend;

import static io.clocktower.frontend.SplitDriver.LE16;
import static io.clocktower.frontend.SplitDriver.LE64;

import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.EventSignals;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/** A guest whose driver has set the device up: memory, the requestq with its eventfds, and requests over it. */
public final class Guest implements AutoCloseable {

    public static final long FEATURES = FrontEnd.VERSION_1 | FrontEnd.INDIRECT_DESC | FrontEnd.EVENT_IDX;

    private static final int UNTOUCHED = 0xa5;

    private FrontEnd frontEnd;
    private final GuestMemory memory;
    private final RingDriver requestq;
    private final long features;
    private final Descriptor kickFile = Libc.eventFd();
    private final EventFd kick = EventFd.adopt(kickFile, EventSignals.withoutAio());
    private final Descriptor call = Libc.eventFd();
    private final Descriptor err = Libc.eventFd();
    private long buffers;

    /** What the device made of a request: the device-writable part, and how much of it the device says it wrote. */
    public record Response(byte[] bytes, int usedLength) {

        public int status() {
            return Byte.toUnsignedInt(bytes[0]);
        }

        public long le64(int offset) {
            return MemorySegment.ofArray(bytes).get(LE64, offset);
        }

        public int le16(int offset) {
            return Short.toUnsignedInt(MemorySegment.ofArray(bytes).get(LE16, offset));
        }

        /** Whether what lies behind the used length is as the driver left it. */
        public boolean isUntouchedFrom(int offset) {
            for (int i = offset; i < bytes.length; i++) {
                if (Byte.toUnsignedInt(bytes[i]) != UNTOUCHED) {
                    return false;
                }
            }
            return true;
        }
    }

    public Guest(Path socket) throws IOException {
        this(socket, FEATURES, 256, 0);
    }

    public Guest(Path socket, long features, int queueSize, int base) throws IOException {
        this(new FrontEnd(socket), features, queueSize, base);
    }

    /** A guest of a front-end that has a connection. */
    public Guest(FrontEnd frontEnd) throws IOException {
        this(frontEnd, FEATURES, 256, 0);
    }

    private Guest(FrontEnd frontEnd, long features, int queueSize, int base) throws IOException {
        this.features = features;
        this.frontEnd = frontEnd;
        memory = new GuestMemory(4 << 20, 0x4000_0000L, 0x7f00_0000_0000L);
        requestq = ring(features, queueSize, base);
        frontEnd.negotiate(features);
        frontEnd.setMemory(List.of(memory));
        frontEnd.setRing(0, memory, requestq, requestq.base(), kickFile, call, err);
        frontEnd.must(FrontEnd.SET_STATUS, FrontEnd.u64(0xf));
        buffers = memory.allocate(0, 16);
    }

    private RingDriver ring(long features, int queueSize, int base) {
        if ((features & FrontEnd.RING_PACKED) != 0) {
            return new PackedDriver(memory, queueSize, (features & FrontEnd.EVENT_IDX) != 0);
        }
        var split = new SplitDriver(memory, queueSize, (features & FrontEnd.EVENT_IDX) != 0);
        split.startAt(base);
        return split;
    }

    /** Stops the requestq, as a front-end does before it takes the device's state. */
    public void suspend() throws IOException {
        frontEnd.ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(0, 0));
    }

    /**
     * Goes on at another back-end, whose front-end has the same memory: its driver notices nothing.
     *
     * @param state of the device before
     */
    public void resumeAt(Path socket, byte[] state) throws IOException {
        frontEnd.close();
        frontEnd = new FrontEnd(socket);
        frontEnd.negotiate(features);
        if (frontEnd.load(state) != 0) {
            throw new AssertionError("the state was not loaded");
        }
        setUpAgain();
    }

    /** Sets memory and requestq up where they were, after {@link #suspend}. */
    public void setUpAgain() throws IOException {
        frontEnd.setMemory(List.of(memory));
        frontEnd.setRing(0, memory, requestq, requestq.base(), kickFile, call, err);
        kick();
    }

    /** What was allocated so far is not used again for requests. */
    public void keepAllocated() {
        buffers = memory.allocate(0, 16);
    }

    public FrontEnd frontEnd() {
        return frontEnd;
    }

    public GuestMemory memory() {
        return memory;
    }

    /** The requestq of a guest that did not negotiate packed rings. */
    public SplitDriver requestq() {
        return (SplitDriver) requestq;
    }

    /** The requestq, whatever its format. */
    public RingDriver ring() {
        return requestq;
    }

    public Descriptor kickFile() {
        return kickFile;
    }

    public Descriptor call() {
        return call;
    }

    public Descriptor err() {
        return err;
    }

    public void kick() {
        kick.signal();
    }

    /** Makes one request and waits for its response. */
    public Response request(byte[] request, int responseBytes) {
        return request(request, List.of(request.length), responseBytes, List.of(responseBytes), false);
    }

    /** The same, cut into pieces of these lengths. */
    public Response request(byte[] request, List<Integer> readable, int responseBytes, List<Integer> writable,
            boolean isIndirect) {
        memory.release(buffers);
        long in = memory.allocate(request.length, 16);
        long out = memory.allocate(responseBytes, 16);
        memory.write(in, request);
        memory.fill(out, responseBytes, UNTOUCHED);
        List<Piece> pieces = new java.util.ArrayList<>();
        addPieces(pieces, in, readable, false);
        addPieces(pieces, out, writable, true);
        int head = isIndirect ? requestq.indirect(pieces) : requestq.chain(pieces);
        requestq.publish(head);
        Used used = awaitUsed();
        if (used.id() != head) {
            throw new AssertionError("used " + used.id() + ", expected " + head);
        }
        return new Response(memory.read(out, responseBytes), used.length());
    }

    private static void addPieces(List<Piece> pieces, long address, List<Integer> lengths, boolean isWritable) {
        long at = address;
        for (int length : lengths) {
            pieces.add(new Piece(at, length, isWritable));
            at += length;
        }
    }

    /** A request that was made available, and where it and the room for its response are. */
    public record Offer(int id, long request, long response) {}

    /** Makes a request available without a kick, and without an end to those before. */
    public Offer offer(byte[] request, byte[] room) {
        long in = memory.allocate(request.length, 16);
        long out = memory.allocate(room.length, 16);
        memory.write(in, request);
        memory.write(out, room);
        int id = requestq.chain(List.of(Piece.readable(in, request.length), Piece.writable(out, room.length)));
        requestq.publish(id);
        return new Offer(id, in, out);
    }

    /** Resets the device and sets it up anew with the same features, its ring going on where it was. */
    public void resetDevice() throws IOException {
        frontEnd.must(FrontEnd.SET_STATUS, FrontEnd.u64(0));
        frontEnd.must(FrontEnd.SET_FEATURES, FrontEnd.u64(features | FrontEnd.PROTOCOL_FEATURES));
        frontEnd.setRing(0, memory, requestq, requestq.base(), kickFile, call, err);
        frontEnd.must(FrontEnd.SET_STATUS, FrontEnd.u64(0xf));
    }

    /** Kicks, and waits for the next used buffer. */
    public Used awaitUsed() {
        requestq.wantNextUsed();
        kick();
        return Awaiting.used(requestq, call);
    }

    /** Waits until the device says that the ring is broken. */
    public void awaitBroken() {
        Awaiting.broken(err);
    }

    @Override
    public void close() throws IOException {
        frontEnd.close();
        kick.close();
        call.close();
        err.close();
        memory.close();
    }
}
