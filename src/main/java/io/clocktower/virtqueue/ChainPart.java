package io.clocktower.virtqueue;

import io.clocktower.memory.LittleEndian;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import java.util.Arrays;

/**
 * The device-readable or the device-writable part of a buffer: pieces of guest memory, each in one region. Nearly every part
 * is one piece, so that has fields of its own, and what the others take is not touched.
 */
final class ChainPart {

    private static final int USUAL_PIECES = 8;
    private static final MemoryRegion[] NO_REGIONS = {};
    private static final long[] NO_NUMBERS = {};

    /** The first piece; its length is 0 in a part without pieces. */
    private MemoryRegion region;
    private long offset;
    private long length;
    /** The other pieces. */
    private int otherCount;
    private long otherBytes;
    private MemoryRegion[] regions = NO_REGIONS;
    private long[] offsets = NO_NUMBERS;
    private long[] lengths = NO_NUMBERS;

    /** How long it is. */
    long bytes() {
        return length + otherBytes;
    }

    int pieceCount() {
        return length == 0 ? 0 : 1 + otherCount;
    }

    /** Begins with nothing. */
    void begin() {
        length = 0;
        if (otherCount > 0) {
            otherCount = 0;
            otherBytes = 0;
        }
    }

    /** Gives up the memory of a guest that has gone, and what a long chain took. */
    void forget() {
        begin();
        region = null;
        regions = NO_REGIONS;
        offsets = NO_NUMBERS;
        lengths = NO_NUMBERS;
    }

    /**
     * Adds what one descriptor describes.
     *
     * @return in how many pieces it lies
     * @throws VirtqueueException if it is not in the guest's memory
     */
    int add(MemoryTable memory, long guestAddress, long lengthBytes) throws VirtqueueException {
        MemoryRegion whole = memory.regionOf(guestAddress, lengthBytes);
        if (whole != null && lengthBytes > 0) {
            addPiece(whole, whole.guestOffset(guestAddress), lengthBytes);
            return 1;
        }
        return addPieces(memory, guestAddress, lengthBytes);
    }

    private int addPieces(MemoryTable memory, long guestAddress, long lengthBytes) throws VirtqueueException {
        if (MemoryTable.wraps(guestAddress, lengthBytes)) {
            throw new VirtqueueException("descriptor of %d bytes at %#x wraps".formatted(lengthBytes, guestAddress));
        }
        int pieces = 0;
        long done = 0;
        while (done < lengthBytes) {
            long at = guestAddress + done;
            MemoryRegion next = memory.regionAt(at);
            if (next == null) {
                throw new OutsideMemoryException(at, "descriptor of %d bytes at %#x is outside the guest's memory"
                        .formatted(lengthBytes, guestAddress));
            }
            long from = next.guestOffset(at);
            long part = Math.min(lengthBytes - done, next.sizeBytes() - from);
            addPiece(next, from, part);
            done += part;
            pieces++;
        }
        return pieces;
    }

    private void addPiece(MemoryRegion in, long from, long pieceBytes) {
        if (length > 0) {
            addToOthers(in, from, pieceBytes);
            return;
        }
        // A reference that is stored costs more than one that is compared.
        if (region != in) {
            region = in;
        }
        offset = from;
        length = pieceBytes;
    }

    private void addToOthers(MemoryRegion in, long from, long pieceBytes) {
        if (otherCount == lengths.length) {
            int room = Math.max(USUAL_PIECES, 2 * otherCount);
            regions = Arrays.copyOf(regions, room);
            offsets = Arrays.copyOf(offsets, room);
            lengths = Arrays.copyOf(lengths, room);
        }
        regions[otherCount] = in;
        offsets[otherCount] = from;
        lengths[otherCount] = pieceBytes;
        otherBytes += pieceBytes;
        otherCount++;
    }

    /** Copies its first {@code count} bytes, of which it has as many, into {@linkplain LittleEndian words}. */
    void read(MemoryTable memory, long[] words, int count) {
        if (count == 0) {
            return;
        }
        if (count <= length) {
            memory.read(region, offset, words, 0, count);
            return;
        }
        int done = (int) length;
        memory.read(region, offset, words, 0, done);
        for (int i = 0; done < count; i++) {
            int part = (int) Math.min(count - done, lengths[i]);
            memory.read(regions[i], offsets[i], words, done, part);
            done += part;
        }
    }

    /** Overwrites its first {@code count} bytes, of which it has as many, with {@linkplain LittleEndian words}. */
    void write(MemoryTable memory, long[] words, int count) {
        if (count == 0) {
            return;
        }
        if (count <= length) {
            memory.write(words, 0, region, offset, count);
            return;
        }
        int done = (int) length;
        memory.write(words, 0, region, offset, done);
        for (int i = 0; done < count; i++) {
            int part = (int) Math.min(count - done, lengths[i]);
            memory.write(words, done, regions[i], offsets[i], part);
            done += part;
        }
    }
}
