package io.clocktower.memory;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.FileStatus;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Mmap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The log of the pages of guest memory that a device has written, which a front-end shares while its guest migrates: one bit
 * for each 4 KiB of guest addresses from 0 on, set after the write. vhost-user, "Migration".
 *
 * <p>
 * Its file must be a memfd that cannot shrink (F_SEAL_SHRINK), so its memory is never gone: the JVM does not survive that at
 * every atomic access. An address for which it has no bit is told, once, and nothing is accessed. One thread owns it, and
 * {@link #mark} allocates nothing.
 */
public final class DirtyLog {

    /** For memory that no front-end shares. It is never on. */
    static final DirtyLog NONE = new DirtyLog(null);

    /** Of 64 TiB of guest addresses. */
    static final long MAX_BYTES = 1L << 31;

    private static final int PAGE_SHIFT = 12;
    private static final int WORD_SHIFT = 6;
    private static final long WORD_MASK = (1 << WORD_SHIFT) - 1;

    private final MemoryShare share;
    private Listener listener;
    private boolean isEnabled;
    private boolean isOn;
    private boolean isMarkTold;
    private boolean isOutsideTold;
    private Place place;
    private Descriptor file;
    private Arena arena;
    private MemorySegment words;
    private Runnable unmap;
    /** Of the words, before the first one of the log. */
    private long firstBit;
    private long bits;

    /**
     * Where in its file it is.
     *
     * @param sizeBytes its length
     */
    public record Place(long offset, long sizeBytes) {}

    /** Is told of what happens to a log, in the middle of a write. */
    public interface Listener {

        /** A bit was set, for the first time since {@link DirtyLog#takeMarked}. */
        void onMarked();

        /** Memory was written for which the log has no bit. */
        void onOutside(long guestAddress);
    }

    DirtyLog(MemoryShare share) {
        this.share = share;
    }

    /** The front-end that is connected from now on; it has no log yet. */
    public void begin(Listener listener) {
        this.listener = listener;
        isEnabled = false;
        isMarkTold = false;
        isOutsideTold = false;
    }

    /**
     * Writes are logged in this file from now on.
     *
     * @param sent becomes this object's, unless an exception is thrown
     * @throws InvalidMemoryException if it is not a log, or more than the device may have
     */
    public void set(Descriptor sent, Place place) throws InvalidMemoryException {
        FileStatus status = check(sent, place);
        share.takeLog();
        Mmap.Mapping mapping;
        long before = place.offset() % Long.BYTES;
        long wordBytes = before + place.sizeBytes() + Long.BYTES - 1 & -Long.BYTES;
        try {
            mapping = Mmap.map(sent, status, place.offset() - before, wordBytes);
        } catch (LinuxException e) {
            share.giveLogBack();
            throw new InvalidMemoryException("dirty log cannot be mapped: " + e.getMessage());
        }
        forget();
        this.place = place;
        file = sent.move();
        arena = Arena.ofConfined();
        words = mapping.bytes(wordBytes, arena);
        unmap = mapping::unmap;
        firstBit = before * Byte.SIZE;
        bits = place.sizeBytes() * Byte.SIZE;
        isOn = isEnabled;
    }

    private static FileStatus check(Descriptor sent, Place place) throws InvalidMemoryException {
        if (!sent.isMemory() || !sent.cannotShrink() || !sent.isOnTmpfs()) {
            throw new InvalidMemoryException(
                    "dirty log's file is not a memfd of small pages with F_SEAL_SHRINK, as QEMU makes it");
        }
        FileStatus status = FileStatus.of(sent);
        if (place.sizeBytes() <= 0 || place.sizeBytes() > MAX_BYTES || place.offset() < 0
                || place.offset() > status.sizeBytes() - place.sizeBytes()) {
            throw new InvalidMemoryException(
                    "dirty log of %#x bytes at %#x is empty, larger than %#x, or passes the end of its file of %#x bytes"
                            .formatted(place.sizeBytes(), place.offset(), MAX_BYTES, status.sizeBytes()));
        }
        return status;
    }

    /** Whether the front-end wants writes to be logged. They are once there is a log too. */
    public void setEnabled(boolean isEnabled) {
        this.isEnabled = isEnabled;
        isOn = isEnabled && words != null;
    }

    /** Whether writes must be told to {@link #mark}. */
    public boolean isOn() {
        return isOn;
    }

    /** Marks what has just been written, if this is on. */
    public void mark(long guestAddress, long bytes) {
        if (!isOn) {
            return;
        }
        long first = guestAddress >>> PAGE_SHIFT;
        long last = guestAddress + bytes - 1 >>> PAGE_SHIFT;
        if (last < first || last >= bits) {
            if (!isOutsideTold) {
                isOutsideTold = true;
                listener.onOutside(guestAddress);
            }
            return;
        }
        for (long page = first; page <= last; page++) {
            long bit = firstBit + page;
            LittleEndian.setBits(words, (bit >>> WORD_SHIFT) * Long.BYTES, 1L << (bit & WORD_MASK));
        }
        if (!isMarkTold) {
            isMarkTold = true;
            listener.onMarked();
        }
    }

    /** The next bit that is set is told again. */
    public void takeMarked() {
        isMarkTold = false;
    }

    /** Where the log is in its file; null without a log. */
    public Place place() {
        return place;
    }

    /** The log's file, which stays this object's; null without a log. */
    public Descriptor file() {
        return file;
    }

    /** The front-end has gone. */
    public void end() {
        isEnabled = false;
        forget();
    }

    private void forget() {
        isOn = false;
        if (words == null) {
            return;
        }
        words = null;
        place = null;
        arena.close();
        share.disposeOfLog(unmap, file.move());
        file = null;
    }
}
