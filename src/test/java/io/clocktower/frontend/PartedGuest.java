package io.clocktower.frontend;

import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.EventSignals;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A guest that has each part of its ring, and its buffers, in a memory region and a file of their own. */
public final class PartedGuest implements AutoCloseable {

    public static final int SIZE = 256;

    private static final int REGION_BYTES = 1 << 16;
    private static final int ANSWER_OFFSET = 4096;
    private static final int PAGE_BYTES = 4096;
    private static final int USED_ENTRIES_BYTES = 4 + 8 * SIZE;

    /** What there is to take away from the device. */
    public enum Part {
        DESCRIPTOR_TABLE, AVAILABLE_RING, USED_RING, REQUEST, RESPONSE,
        /** The used ring's last field, which the device touches last. */
        AVAIL_EVENT
    }

    private final FrontEnd frontEnd;
    private final GuestMemory[] memories = new GuestMemory[Part.AVAIL_EVENT.ordinal()];
    private final SplitDriver requestq;
    private final Descriptor kickFile = Libc.eventFd();
    private final EventFd kick = EventFd.adopt(kickFile, EventSignals.withoutAio());
    private final Descriptor call = Libc.eventFd();
    private final Descriptor err = Libc.eventFd();

    public PartedGuest(Path socket) throws IOException {
        this(new FrontEnd(socket));
        start();
    }

    /** A guest that has set up its ring and not started it. */
    public PartedGuest(FrontEnd frontEnd) throws IOException {
        this.frontEnd = frontEnd;
        for (int i = 0; i < memories.length; i++) {
            memories[i] = new GuestMemory(REGION_BYTES, 0x4000_0000L + i * 0x100_0000L,
                    0x7f00_0000_0000L + i * 0x100_0000L);
        }
        // So that avail_event begins a page.
        memory(Part.USED_RING).allocate(PAGE_BYTES - USED_ENTRIES_BYTES, 1);
        requestq = new SplitDriver(memory(Part.DESCRIPTOR_TABLE), memory(Part.AVAILABLE_RING), memory(Part.USED_RING),
                SIZE);
        frontEnd.negotiate(Guest.FEATURES);
        frontEnd.setMemory(List.of(memories));
        frontEnd.must(FrontEnd.SET_VRING_NUM, FrontEnd.state(0, SIZE));
        frontEnd.must(FrontEnd.SET_VRING_BASE, FrontEnd.state(0, 0));
        frontEnd.must(FrontEnd.SET_VRING_CALL, FrontEnd.u64(0), call);
        frontEnd.must(FrontEnd.SET_VRING_ERR, FrontEnd.u64(0), err);
    }

    public void start() throws IOException {
        setAddresses();
        frontEnd.must(FrontEnd.SET_VRING_KICK, FrontEnd.u64(0), kickFile);
        frontEnd.must(FrontEnd.SET_VRING_ENABLE, FrontEnd.state(0, 1));
    }

    public void setAddresses() throws IOException {
        frontEnd.must(FrontEnd.SET_VRING_ADDR,
                FrontEnd.addresses(0, memory(Part.DESCRIPTOR_TABLE).userAddressOf(requestq.table()),
                        memory(Part.USED_RING).userAddressOf(requestq.used()),
                        memory(Part.AVAILABLE_RING).userAddressOf(requestq.available())));
    }

    public GuestMemory memory(Part part) {
        return memories[(part == Part.AVAIL_EVENT ? Part.USED_RING : part).ordinal()];
    }

    public FrontEnd frontEnd() {
        return frontEnd;
    }

    public SplitDriver requestq() {
        return requestq;
    }

    public Descriptor kickFile() {
        return kickFile;
    }

    public Descriptor call() {
        return call;
    }

    /** Makes a request available and does not kick. */
    public void publish(byte[] request, int responseBytes) {
        long in = memory(Part.REQUEST).guestAddress();
        memory(Part.REQUEST).write(in, request);
        requestq.usedEvent(requestq.usedIndex());
        requestq.publish(requestq.chain(List.of(Piece.readable(in, request.length),
                Piece.writable(memory(Part.RESPONSE).guestAddress() + ANSWER_OFFSET, responseBytes))));
    }

    public void kick() {
        kick.signal();
    }

    /** Takes the next used buffer, which must come. */
    public void awaitUsed() {
        Awaiting.used(requestq, call);
    }

    /** Takes a part of the memory away while it is mapped. */
    public void truncate(Part part) {
        Libc.truncate(memory(part).file(), part == Part.AVAIL_EVENT ? PAGE_BYTES : 0);
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
        for (GuestMemory memory : memories) {
            memory.close();
        }
    }
}
