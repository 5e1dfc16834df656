package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Disposal;
import io.clocktower.memory.MemoryShare;
import io.clocktower.memory.RegionFiles;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * What the front-ends of one device, one after another, may have of {@link HostLimits}, and how what they sent is closed.
 * The device's thread owns it.
 */
public final class DeviceLimits {

    /** The connection, kick, call and err of two vrings, the end of a pipe for the state, the
     * eventfd of the dirty log, and the descriptors of one message. */
    static final int FILES = 1 + 2 * 3 + 2 + Message.MAX_DESCRIPTORS;
    /** Files of other file systems that front-ends sent and that do not close. */
    static final int MAX_UNCLOSED_FILES = 64;
    /** Files of memory that front-ends sent, that were not mapped, and whose memory is still being freed. */
    private static final int MAX_UNCLOSED_MEMORY = 128;

    private final HostLimits host;
    private final MemoryShare memory;
    private final Disposal foreign = Disposal.ofFiles();
    /** Of memory that was sent and not mapped; they wait behind the unmapping of regions. */
    private final AtomicInteger unclosedMemory = new AtomicInteger();

    DeviceLimits(HostLimits host, LongSupplier clock) {
        this.host = host;
        memory = host.memory().share(clock, new Regions());
    }

    private final class Regions implements RegionFiles {

        @Override
        public boolean take(int kept) {
            return host.takeRegionFile(kept);
        }

        @Override
        public void giveBack() {
            host.giveBackFiles(1);
        }

        @Override
        public void close(Descriptor file, Runnable onClosed) {
            foreign.add(() -> {
                file.close();
                onClosed.run();
            });
        }
    }

    MemoryShare memory() {
        return memory;
    }

    /**
     * Reserves what one connection needs.
     *
     * @throws LimitException if it would pass a limit of the process
     */
    void reserve() throws LimitException {
        if (hasTooManyUnclosed()) {
            throw new LimitException(
                    "%d files that earlier front-ends sent are still being closed".formatted(unclosed()));
        }
        if (!host.takeFiles(FILES)) {
            throw new LimitException(("no %d file descriptors left for it of the process's %d; raise RLIMIT_NOFILE"
                    + " (LimitNOFILE in the systemd unit, ulimit -n in a shell)").formatted(FILES, host.openFiles()));
        }
    }

    /** Whether files that front-ends sent, and that do not close, hold too many descriptors of the process. */
    boolean hasTooManyUnclosed() {
        return foreign.pending() >= MAX_UNCLOSED_FILES || unclosedMemory.get() >= MAX_UNCLOSED_MEMORY;
    }

    private int unclosed() {
        return foreign.pending() + unclosedMemory.get();
    }

    void release() {
        host.giveBackFiles(FILES);
    }

    /**
     * Closes a descriptor that a front-end sent and that is not in use. Closing an eventfd is quick. Any other file can make
     * its closer wait: memory because its pages are freed, a file of another file system because that may not answer.
     */
    void close(Descriptor sent) {
        if (sent.isEventFd()) {
            sent.close();
        } else if (sent.isMemory()) {
            unclosedMemory.incrementAndGet();
            memory.close(sent, unclosedMemory::decrementAndGet);
        } else {
            foreign.close(sent);
        }
    }
}
