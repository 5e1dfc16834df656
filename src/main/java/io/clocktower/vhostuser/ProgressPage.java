package io.clocktower.vhostuser;

import io.clocktower.linux.AnonymousFile;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.FileStatus;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Mmap;
import io.clocktower.virtqueue.PackedProgress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A page of memory in which a connection's packed rings say how far they came. A process that has its descriptor goes on from there,
 * however this one ends. The connection's thread owns it.
 */
final class ProgressPage implements AutoCloseable {

    private static final int BYTES = 4096;

    private final Descriptor descriptor;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment page;

    /**
     * @param descriptor becomes this object's, also after an exception
     */
    private ProgressPage(Descriptor descriptor) {
        this.descriptor = descriptor;
        boolean isMapped = false;
        try {
            page = Mmap.map(descriptor, 0, BYTES, arena);
            isMapped = true;
        } finally {
            if (!isMapped) {
                close();
            }
        }
    }

    /**
     * @throws IOException if this process cannot have another descriptor or mapping
     */
    static ProgressPage create() throws IOException {
        try {
            return new ProgressPage(new AnonymousFile("progress", new byte[BYTES]).descriptor());
        } catch (LinuxException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * The page of an earlier connection.
     *
     * @param descriptor becomes this object's, also after an exception
     */
    static ProgressPage adopt(Descriptor descriptor) throws ProtocolException {
        FileStatus file = FileStatus.of(descriptor);
        if (!file.isRegular() || file.sizeBytes() < BYTES) {
            throw new ProtocolException("the descriptor for the progress of its rings is not such a page");
        }
        return new ProgressPage(descriptor);
    }

    /** Of a ring; {@link PackedProgress}. */
    MemorySegment of(int ring) {
        return page.asSlice(ring * PackedProgress.BYTES, PackedProgress.BYTES);
    }

    /** It stays this object's. */
    Descriptor descriptor() {
        return descriptor;
    }

    @Override
    public void close() {
        arena.close();
        descriptor.close();
    }
}
