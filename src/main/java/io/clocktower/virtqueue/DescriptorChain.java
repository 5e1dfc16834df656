package io.clocktower.virtqueue;

import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A buffer that the driver made available: a device-readable part and then a device-writable one, each in as many
 * pieces as the driver chose. VIRTIO 1.4, "Message Framing": the device makes no assumption about the pieces.
 *
 * <p>
 * It is filled by {@link Virtqueue#pop} over and over. Lengths are in bytes; each part is shorter than 2^32.
 */
public final class DescriptorChain {

    private static final int USUAL_PIECES = 16;
    /** Enough for the longest chain with every descriptor across two regions; a front-end can make more of one byte each. */
    private static final int MAX_PIECES = 65536;

    /** "Drivers MUST NOT add a descriptor chain longer than 2^32 bytes in total". */
    private static final long MAX_BYTES = 1L << 32;

    private int id;
    private int ringEntries;
    private int descriptorCount;
    private int pieceCount;
    private int readablePieceCount;
    private boolean isWriting;
    private long readableBytes;
    private long writableBytes;
    private MemorySegment[] pieces = new MemorySegment[USUAL_PIECES];
    private long[] offsets = new long[USUAL_PIECES];
    private long[] lengths = new long[USUAL_PIECES];

    /** How long the device-readable part is. */
    public long readableBytes() {
        return readableBytes;
    }

    /** How long the device-writable part is. */
    public long writableBytes() {
        return writableBytes;
    }

    /** How many descriptors describe it: those of an indirect table, and not the one that names the table. */
    public int descriptorCount() {
        return descriptorCount;
    }

    /** Copies the first {@code bytes} of the device-readable part, which must have as many. */
    public void read(MemorySegment target, long bytes) {
        long done = 0;
        for (int i = 0; done < bytes; i++) {
            long part = Math.min(bytes - done, lengths[i]);
            MemorySegment.copy(pieces[i], offsets[i], target, done, part);
            done += part;
        }
    }

    /** Overwrites the first {@code bytes} of the device-writable part, which must have as many. */
    public void write(MemorySegment source, long bytes) {
        long done = 0;
        for (int i = readablePieceCount; done < bytes; i++) {
            long part = Math.min(bytes - done, lengths[i]);
            MemorySegment.copy(source, done, pieces[i], offsets[i], part);
            done += part;
        }
    }

    /** What the driver knows the buffer by: the head's index, or the buffer id of a packed virtqueue. */
    int id() {
        return id;
    }

    /** How many entries of the ring it takes, until it is used. */
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
     * @throws VirtqueueException if the chain cannot be, with it
     */
    void add(MemoryTable memory, long guestAddress, long lengthBytes, boolean isWritable, int maxDescriptors)
            throws VirtqueueException {
        if (++descriptorCount > maxDescriptors) {
            throw new VirtqueueException("descriptor chain is longer than %d, or loops".formatted(maxDescriptors));
        }
        if (!isWritable && isWriting) {
            throw new VirtqueueException("device-readable descriptor after a device-writable one");
        }
        if (!addPieces(memory, guestAddress, lengthBytes)) {
            throw new VirtqueueException("descriptor of %d bytes at %#x is outside the guest's memory"
                    .formatted(lengthBytes, guestAddress));
        }
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
    }

    private boolean addPieces(MemoryTable memory, long guestAddress, long lengthBytes) {
        if (MemoryTable.wraps(guestAddress, lengthBytes)) {
            return false;
        }
        long done = 0;
        while (done < lengthBytes) {
            MemoryRegion region = memory.regionAt(guestAddress + done);
            if (region == null || pieceCount == MAX_PIECES) {
                return false;
            }
            long offset = guestAddress + done - region.guestAddress();
            long part = Math.min(lengthBytes - done, region.sizeBytes() - offset);
            addPiece(region.bytes(), offset, part);
            done += part;
        }
        return true;
    }

    private void addPiece(MemorySegment piece, long offset, long length) {
        if (pieceCount == pieces.length) {
            pieces = Arrays.copyOf(pieces, 2 * pieceCount);
            offsets = Arrays.copyOf(offsets, 2 * pieceCount);
            lengths = Arrays.copyOf(lengths, 2 * pieceCount);
        }
        pieces[pieceCount] = piece;
        offsets[pieceCount] = offset;
        lengths[pieceCount] = length;
        pieceCount++;
    }
}
