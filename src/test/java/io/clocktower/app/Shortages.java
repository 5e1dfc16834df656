package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.frontend.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** What a host can run out of under a service: descriptors, and room on the disk of its state. */
final class Shortages implements AutoCloseable {

    private static final int BLOCK_BYTES = 1 << 12;

    private final Path state;
    private final boolean isMounted;

    /**
     * @param state the directory to be; a small file system where this process may mount one
     * @param bytes its size
     */
    Shortages(Path state, long bytes) throws IOException {
        this.state = Files.createDirectory(state, PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
        isMounted = Libc.mount("tmpfs", state.toString(), "mode=0700,size=" + bytes);
    }

    /** Whether nothing can be written during {@link #withoutRoom}: a directory that is not writable does not stop root. */
    boolean canTakeRoom() {
        return isMounted || !System.getProperty("user.name").equals("root");
    }

    /** Something that is done during a shortage. */
    interface Step {
        void run() throws Exception;
    }

    void withoutRoom(Step step) throws Exception {
        if (isMounted) {
            try {
                takeRoom();
                step.run();
            } finally {
                Files.delete(filler());
            }
        } else {
            Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("r-x------"));
            try {
                step.run();
            } finally {
                Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx------"));
            }
        }
    }

    private Path filler() {
        return state.resolve("filler");
    }

    /** Takes what room there is, during {@link #withoutRoom} again: a file that the process was replacing then has left some. */
    void takeRoom() throws IOException {
        if (!isMounted) {
            return;
        }
        try (var file = Files.newOutputStream(filler(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (true) {
                file.write(new byte[BLOCK_BYTES]);
            }
        } catch (IOException e) {
            if (!"No space left on device".equals(e.getMessage())) {
                throw e;
            }
        }
    }

    /** Leaves a process so many descriptors more than it has. */
    static void withoutDescriptors(long pid, int more, Step step) throws Exception {
        String before = limit(pid);
        limit(pid, Long.toString(Processes.descriptors(pid) + more));
        try {
            step.run();
        } finally {
            limit(pid, before);
        }
    }

    private static String limit(long pid) throws IOException {
        String line = Files.readAllLines(Path.of("/proc", Long.toString(pid), "limits")).stream()
                .filter(limit -> limit.startsWith("Max open files")).findFirst().orElseThrow();
        return line.split(" {2,}")[1];
    }

    /** Sets the soft limit; the hard one stays. */
    private static void limit(long pid, String soft) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("prlimit", "--pid", Long.toString(pid), "--nofile=" + soft + ":").inheritIO()
                .start().waitFor(), "prlimit of util-linux");
    }

    @Override
    public void close() {
        if (isMounted) {
            Libc.unmount(state.toString());
        }
    }
}
