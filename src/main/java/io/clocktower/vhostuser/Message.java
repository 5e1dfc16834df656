package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Fields;
import io.clocktower.memory.DirtyLog;
import io.clocktower.memory.MemoryRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * A message from the front-end, with the descriptors that came with it. The next message takes its place in the same memory.
 * All numbers are in the machine's byte order. vhost-user, "Message Specification".
 *
 * <pre>
 *   0 u32 request
 *   4 u32 flags      bits 0-1 version, bit 2 reply, bit 3 need_reply
 *   8 u32 size       of the payload
 *  12 payload
 *
 * vring state      vring address              memory region
 *   0 u32 index      0 u32 index                0 u64 guest address
 *   4 u32 num        4 u32 flags                8 u64 size
 *                    8 u64 descriptor          16 u64 user address
 *                   16 u64 used                24 u64 mmap offset
 *                   24 u64 available
 *                   32 u64 log               memory regions: u32 num regions, u32 padding, regions
 *                                            single region:  u64 padding, region
 *
 * log                device state transfer parameters
 *   0 u64 size         0 u32 direction   0 save, 1 load
 *   8 u64 offset       4 u32 phase       0 stopped
 * </pre>
 */
final class Message {

    static final int VERSION = 1;
    static final int VERSION_MASK = 0x3;
    static final int FLAG_REPLY = 0x4;
    static final int FLAG_NEED_REPLY = 0x8;

    static final int HEADER_BYTES = 12;
    /** No known message is longer. */
    static final int MAX_PAYLOAD_BYTES = 4096;
    /** The regions of one memory table; no valid message carries more descriptors. */
    static final int MAX_TABLE_REGIONS = 8;
    /** One more than is valid, so that such a message is refused. */
    static final int MAX_DESCRIPTORS = MAX_TABLE_REGIONS + 1;
    static final int VARIABLE = -1;
    static final int U64_BYTES = 8;
    static final int LOG_BYTES = 16;
    static final int VRING_STATE_BYTES = 8;
    static final int VRING_ADDRESS_BYTES = 40;
    static final int REGIONS_HEADER_BYTES = 8;
    static final int REGION_BYTES = 32;
    /** Where in the payload of a single region's description the region begins. */
    static final int SINGLE_REGION_OFFSET = 8;
    static final int SINGLE_REGION_BYTES = SINGLE_REGION_OFFSET + REGION_BYTES;

    private static final int VRING_F_LOG = 1;

    static final int FLAGS_OFFSET = 4;
    static final int SIZE_OFFSET = 8;

    private final MemorySegment bytes;
    private final List<Descriptor> descriptors = new ArrayList<>();
    private final Consumer<Descriptor> closer;

    /**
     * @param closer closes a descriptor
     */
    Message(Arena arena, Consumer<Descriptor> closer) {
        this.closer = closer;
        bytes = arena.allocate(HEADER_BYTES + MAX_PAYLOAD_BYTES, Long.BYTES);
    }

    MemorySegment bytes() {
        return bytes;
    }

    /** The descriptors that came with it and have not been taken. */
    List<Descriptor> descriptors() {
        return descriptors;
    }

    void requireDescriptors(int expected) throws ProtocolException {
        if (descriptors.size() != expected) {
            throw new ProtocolException("%s file descriptors, expected %d".formatted(
                    descriptors.size() == MAX_DESCRIPTORS ? MAX_DESCRIPTORS + " or more" : descriptors.size(),
                    expected));
        }
    }

    /** Hands the first descriptor that is left over to the caller. */
    Descriptor takeDescriptor() {
        return descriptors.removeFirst();
    }

    /** Closes those beyond {@link #MAX_DESCRIPTORS}. */
    void closeSurplusDescriptors() {
        while (descriptors.size() > MAX_DESCRIPTORS) {
            closer.accept(descriptors.removeLast());
        }
    }

    /** Closes the files that were mapped. That is quick where they are memory: the mapping refers to the memory too. */
    void closeMapped() {
        descriptors.stream().filter(Descriptor::isMemory).forEach(Descriptor::close);
        descriptors.removeIf(descriptor -> descriptor.number() == Descriptor.CLOSED);
    }

    void closeDescriptors() {
        while (!descriptors.isEmpty()) {
            closer.accept(descriptors.removeLast());
        }
    }

    int request() {
        return Fields.i32(bytes, 0);
    }

    int flags() {
        return Fields.i32(bytes, FLAGS_OFFSET);
    }

    int payloadBytes() {
        return Fields.i32(bytes, SIZE_OFFSET);
    }

    boolean needsReply() {
        return (flags() & FLAG_NEED_REPLY) != 0;
    }

    long u64() {
        return u64At(0);
    }

    /** The index of a vring state or a vring address. */
    int index() {
        return u32At(0);
    }

    int num() {
        return u32At(4);
    }

    /** The payload of a vring state, as one number. */
    static long vringState(int index, int num) {
        long low = Integer.toUnsignedLong(index);
        long high = Integer.toUnsignedLong(num);
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
                ? high << Integer.SIZE | low
                : low << Integer.SIZE | high;
    }

    /** What a vring address says; the names are those of a split ring for both formats. */
    FrontEndState.Addresses addresses() {
        boolean isLogged = (u32At(4) & VRING_F_LOG) != 0;
        return new FrontEndState.Addresses(u64At(8), u64At(24), u64At(16),
                isLogged ? OptionalLong.of(u64At(32)) : OptionalLong.empty());
    }

    /** Where the dirty log is in its file. */
    DirtyLog.Place log() {
        return new DirtyLog.Place(u64At(8), u64At(0));
    }

    int regionCount() {
        return u32At(0);
    }

    /** Where in the payload the region at {@code position} of a table begins. */
    static int regionOffset(int position) {
        return REGIONS_HEADER_BYTES + REGION_BYTES * position;
    }

    /** The memory region that begins at an offset in the payload. */
    MemoryRegion.Place region(int offset) {
        return new MemoryRegion.Place(u64At(offset), u64At(offset + 16), u64At(offset + 8), u64At(offset + 24));
    }

    /** The direction of a transfer of the device's state. */
    int direction() {
        return u32At(0);
    }

    /** The migration phase of a transfer of the device's state. */
    int phase() {
        return u32At(4);
    }

    private int u32At(int offset) {
        return Fields.i32(bytes, HEADER_BYTES + offset);
    }

    private long u64At(int offset) {
        return Fields.i64(bytes, HEADER_BYTES + offset);
    }
}
