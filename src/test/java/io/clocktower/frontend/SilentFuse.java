package io.clocktower.frontend;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.clocktower.linux.Descriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file of a FUSE file system that lets itself be opened and answers nothing else: not stat, not a page fault, and not the
 * flush of a close.
 *
 * <pre>
 * request: 0 u32 len  4 u32 opcode  8 u64 unique ... 40 the opcode's own
 * reply:   0 u32 len  4 i32 error   8 u64 unique     16 the opcode's own
 * </pre>
 */
public final class SilentFuse implements AutoCloseable {

    private static final int OPEN = 14;
    private static final int INIT = 26;
    private static final int HEADER_BYTES = 16;
    private static final int OPEN_BYTES = 16;
    private static final int INIT_BYTES = 64;
    private static final int REQUEST_BYTES = 1 << 16;

    private final Path file;
    private final Descriptor connection;
    private final Thread thread;
    private boolean isEnded;

    private SilentFuse(Path file, Descriptor connection) {
        this.file = file;
        this.connection = connection;
        thread = Thread.ofPlatform().name("silent-fuse").daemon().start(this::answer);
    }

    /** Mounts it, where this machine lets the test do that. */
    public static Optional<SilentFuse> mount() throws IOException {
        if (!Files.isWritable(Path.of("/dev/fuse"))) {
            return Optional.empty();
        }
        // In a directory of its own: whoever looks at the files beside it would wait for ever.
        Path file = Files.createFile(Files.createTempDirectory("silent").resolve("fuse"));
        Descriptor connection = Libc.open("/dev/fuse", Libc.O_RDWR);
        if (!Libc.mount("fuse", file.toString(),
                "fd=%d,rootmode=100666,user_id=0,group_id=0,allow_other".formatted(connection.number()))) {
            connection.close();
            delete(file);
            return Optional.empty();
        }
        return Optional.of(new SilentFuse(file, connection));
    }

    /** Opens the file. */
    public Descriptor open() {
        return Libc.open(file.toString(), Libc.O_RDWR);
    }

    private void answer() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(REQUEST_BYTES, Long.BYTES);
            while (Libc.read(connection, request) > 0) {
                switch (request.get(JAVA_INT, 4)) {
                    case INIT -> {
                        MemorySegment reply = reply(request, INIT_BYTES, arena);
                        reply.set(JAVA_INT, HEADER_BYTES, 7);
                        reply.set(JAVA_INT, HEADER_BYTES + 4, 31);
                        reply.set(JAVA_INT, HEADER_BYTES + 20, 4096);
                        Libc.write(connection, reply);
                    }
                    case OPEN -> Libc.write(connection, reply(request, OPEN_BYTES, arena));
                    default -> {
                        // Never answered.
                    }
                }
            }
        }
    }

    private static MemorySegment reply(MemorySegment request, int bytes, Arena arena) {
        MemorySegment reply = arena.allocate(HEADER_BYTES + bytes, Long.BYTES);
        reply.set(JAVA_INT, 0, HEADER_BYTES + bytes);
        reply.set(JAVA_LONG, 8, request.get(JAVA_LONG, 8));
        return reply;
    }

    /** Ends the file system: whoever waits for it goes on with an error. */
    public void end() {
        if (!isEnded) {
            isEnded = true;
            Libc.unmount(file.toString());
        }
    }

    @Override
    public void close() throws IOException {
        end();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connection.close();
        delete(file);
    }

    private static void delete(Path file) throws IOException {
        Files.delete(file);
        Files.delete(file.getParent());
    }
}
