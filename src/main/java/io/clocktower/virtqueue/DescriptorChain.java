package io.clocktower.virtqueue;

import io.clocktower.memory.LittleEndian;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A buffer that the driver made available: a device-readable part, then a device-writable part, each in as many pieces
 * as the driver chose. VIRTIO 1.4, "Message Framing": the device makes no assumption about the pieces.
 *
 * <p>
 * {@link Virtqueue#pop} fills it again and again. Lengths are in bytes; both parts together have at most 2^32.
 */
public final class DescriptorChain {

    private static final int USUAL_PIECES = 8;
    /** Enough for the longest chain with each descriptor across two regions. */
    private static final int MAX_PIECES = 65536;

    /** "Drivers MUST NOT add a descriptor chain longer than 2^32 bytes in total". */
    private static final long MAX_BYTES = 1L << 32;

    private int id;
    private int ringEntries;
    private int descriptorCount;
    private int pieceCount;
    private int readablePieceCount;
    private boolean isWriting;
    private MemoryTable memory = MemoryTable.EMPTY;
    private long readableBytes;
    private long writableBytes;
    /** By piece: the index of its region. A reference to that would cost what a collector's barrier does. */
    private int[] regions = new int[USUAL_PIECES];
    private long[] offsets = new long[USUAL_PIECES];
    private long[] lengths = new long[USUAL_PIECES];

    /** The length of the device-readable part. */
    public long readableBytes() {
        return readableBytes;
    }

    /** The length of the device-writable part. */
    public long writableBytes() {
        return writableBytes;
    }

    /**
     * Copies the first {@code bytes} of the device-readable part, which must be at least that long, into
     * {@linkplain LittleEndian words}.
     */
    public void read(long[] words, int bytes) {
        int done = 0;
        for (int i = 0; done < bytes; i++) {
            int part = (int) Math.min(bytes - done, lengths[i]);
            MemorySegment region = memory.region(regions[i]).bytes();
            memory.beforeAccess(region, offsets[i], part);
            LittleEndian.read(region, offsets[i], words, done, part);
            done += part;
        }
    }

    /**
     * Overwrites the first {@code bytes} of the device-writable part, which must be at least that long, with
     * {@linkplain LittleEndian words}.
     */
    public void write(long[] words, int bytes) {
        int done = 0;
        for (int i = readablePieceCount; done < bytes; i++) {
            int part = (int) Math.min(bytes - done, lengths[i]);
            MemorySegment region = memory.region(regions[i]).bytes();
            memory.beforeAccess(region, offsets[i], part);
            LittleEndian.write(words, done, region, offsets[i], part);
            if (memory.log().isOn()) {
                memory.log().mark(memory.region(regions[i]).guestAddress() + offsets[i], part);
            }
            done += part;
        }
    }

    /** Gives up the memory of a guest that has gone, and what a long chain took. */
    public void forget() {
        begin();
        memory = MemoryTable.EMPTY;
        regions = new int[USUAL_PIECES];
        offsets = new long[USUAL_PIECES];
        lengths = new long[USUAL_PIECES];
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
        pieceCount = 0;
        readablePieceCount = 0;
        isWriting = false;
        readableBytes = 0;
        writableBytes = 0;
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
            throw tooLong(maxDescriptors);
        }
        if (!isWritable && isWriting) {
            throw new VirtqueueException("device-readable descriptor after a device-writable one");
        }
        int piecesBefore = pieceCount;
        addPieces(memory, guestAddress, lengthBytes);
        isWriting |= isWritable;
        if (isWritable) {
            writableBytes += lengthBytes;
        } else {
            readableBytes += lengthBytes;
            readablePieceCount = pieceCount;
        }
        if (readableBytes + writableBytes > MAX_BYTES) {
            throw new VirtqueueException("descriptor chain of more than 2^32 bytes");
        }
        return pieceCount - piecesBefore;
    }

    private void addPieces(MemoryTable memory, long guestAddress, long lengthBytes) throws VirtqueueException {
        if (MemoryTable.wraps(guestAddress, lengthBytes)) {
            throw wraps(guestAddress, lengthBytes);
        }
        long done = 0;
        while (done < lengthBytes) {
            int index = memory.indexAt(guestAddress + done);
            if (index < 0) {
                throw outside(guestAddress + done, guestAddress, lengthBytes);
            }
            if (pieceCount == MAX_PIECES) {
                throw tooManyPieces();
            }
            MemoryRegion region = memory.region(index);
            long offset = region.guestOffset(guestAddress + done);
            long part = Math.min(lengthBytes - done, region.sizeBytes() - offset);
            addPiece(index, offset, part);
            done += part;
        }
    }

    private static VirtqueueException tooLong(int maxDescriptors) {
        return new VirtqueueException("descriptor chain is longer than %d, or loops".formatted(maxDescriptors));
    }

    private static VirtqueueException tooManyPieces() {
        return new VirtqueueException("descriptor chain in more than %d pieces".formatted(MAX_PIECES));
    }

    private static VirtqueueException wraps(long guestAddress, long lengthBytes) {
        return new VirtqueueException("descriptor of %d bytes at %#x wraps".formatted(lengthBytes, guestAddress));
    }

    private static OutsideMemoryException outside(long at, long guestAddress, long lengthBytes) {
        return new OutsideMemoryException(at,
                "descriptor of %d bytes at %#x is outside the guest's memory".formatted(lengthBytes, guestAddress));
    }

    private void addPiece(int region, long offset, long length) {
        if (pieceCount == lengths.length) {
            grow();
        }
        regions[pieceCount] = region;
        offsets[pieceCount] = offset;
        lengths[pieceCount] = length;
        pieceCount++;
    }

    private void grow() {
        regions = Arrays.copyOf(regions, 2 * pieceCount);
        offsets = Arrays.copyOf(offsets, 2 * pieceCount);
        lengths = Arrays.copyOf(lengths, 2 * pieceCount);
    }
}
