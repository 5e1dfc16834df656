package io.clocktower.virtqueue;

import io.clocktower.memory.LittleEndian;
import io.clocktower.memory.MemoryTable;

/**
 * A buffer that the driver made available: a device-readable part, then a device-writable part, each in as many pieces
 * as the driver chose. VIRTIO 1.4, "Message Framing": the device makes no assumption about the pieces.
 *
 * <p>
 * {@link Virtqueue#pop} fills it again and again. Lengths are in bytes; both parts together have at most 2^32.
 */
public final class DescriptorChain {

    /** Enough for the longest chain with each descriptor across two regions. Those in one region are not counted. */
    private static final int MAX_PIECES = 65536;

    /** "Drivers MUST NOT add a descriptor chain longer than 2^32 bytes in total". */
    private static final long MAX_BYTES = 1L << 32;

    private final ChainPart readable = new ChainPart();
    private final ChainPart writable = new ChainPart();
    private int id;
    private int ringEntries;
    private int descriptorCount;
    private boolean isWriting;
    private MemoryTable memory = MemoryTable.EMPTY;

    /** The length of the device-readable part. */
    public long readableBytes() {
        return readable.bytes();
    }

    /** The length of the device-writable part. */
    public long writableBytes() {
        return writable.bytes();
    }

    /**
     * Copies the first {@code bytes} of the device-readable part, which must be at least that long, into
     * {@linkplain LittleEndian words}.
     */
    public void read(long[] words, int bytes) {
        readable.read(memory, words, bytes);
    }

    /**
     * Overwrites the first {@code bytes} of the device-writable part, which must be at least that long, with
     * {@linkplain LittleEndian words}.
     */
    public void write(long[] words, int bytes) {
        writable.write(memory, words, bytes);
    }

    /** Gives up the memory of a guest that has gone, and what a long chain took. */
    public void forget() {
        begin();
        memory = MemoryTable.EMPTY;
        readable.forget();
        writable.forget();
    }

    /** The driver's name for the buffer: the index of its head, or the buffer id of a packed virtqueue. */
    int id() {
        return id;
    }

    /** How many entries of the ring it occupies until it is used. */
    int ringEntries() {
        return ringEntries;
    }

    void begin() {
        descriptorCount = 0;
        isWriting = false;
        readable.begin();
        writable.begin();
    }

    void identify(int id, int ringEntries) {
        this.id = id;
        this.ringEntries = ringEntries;
    }

    /**
     * Adds what one descriptor describes.
     *
     * @param maxDescriptors how many a chain may have
     * @return in how many pieces it lies
     * @throws VirtqueueException if the driver must not make such a chain
     */
    int add(MemoryTable memory, long guestAddress, long lengthBytes, boolean isWritable, int maxDescriptors)
            throws VirtqueueException {
        if (this.memory != memory) {
            this.memory = memory;
        }
        if (++descriptorCount > maxDescriptors) {
            throw new VirtqueueException("descriptor chain is longer than %d, or loops".formatted(maxDescriptors));
        }
        if (!isWritable && isWriting) {
            throw new VirtqueueException("device-readable descriptor after a device-writable one");
        }
        isWriting = isWritable;
        // Not one call for both parts: the processor would have to wait for the flag to know what it stores where.
        int pieces = isWritable
                ? writable.add(memory, guestAddress, lengthBytes)
                : readable.add(memory, guestAddress, lengthBytes);
        if (pieces > 1 && readable.pieceCount() + writable.pieceCount() > MAX_PIECES) {
            throw new VirtqueueException("descriptor chain in more than %d pieces".formatted(MAX_PIECES));
        }
        return pieces;
    }

    /**
     * The chain has no more descriptors.
     *
     * @throws VirtqueueException if the driver must not make such a chain
     */
    void end() throws VirtqueueException {
        if (readable.bytes() + writable.bytes() > MAX_BYTES) {
            throw new VirtqueueException("descriptor chain of more than 2^32 bytes");
        }
    }
}
