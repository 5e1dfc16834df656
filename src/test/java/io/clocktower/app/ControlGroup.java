package io.clocktower.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A control group of version 1 with the controllers of memory and of processor time, for processes that end before it. */
public final class ControlGroup implements AutoCloseable {

    private static final Path GROUPS = Path.of("/sys/fs/cgroup");
    private static final String MEMORY = "memory";
    private static final String CPU = "cpu";
    private static final String PROCESSES = "cgroup.procs";
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final String name = "clocktower-%d-%d".formatted(ProcessHandle.current().pid(), NUMBER.incrementAndGet());

    public ControlGroup() throws IOException {
        Files.createDirectory(directory(MEMORY));
        Files.createDirectory(directory(CPU));
    }

    /** Whether there are such groups and this process may make one, which takes root. */
    public static boolean isAvailable() {
        return Files.isWritable(GROUPS.resolve(MEMORY).resolve(PROCESSES))
                && Files.isWritable(GROUPS.resolve(CPU).resolve(PROCESSES));
    }

    private Path directory(String controller) {
        return GROUPS.resolve(controller).resolve(name);
    }

    /** The controller's name is what the name of the file begins with. */
    private Path file(String file) {
        return directory(file.substring(0, file.indexOf('.'))).resolve(file);
    }

    public ControlGroup set(String file, String value) throws IOException {
        Files.writeString(file(file), value);
        return this;
    }

    public long number(String file) throws IOException {
        return Long.parseLong(Files.readString(file(file)).strip());
    }

    /** How many processes the kernel has killed for memory. */
    public long killed() throws IOException {
        return Files.readAllLines(file("memory.oom_control")).stream().filter(line -> line.startsWith("oom_kill "))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1))).findFirst().orElseThrow();
    }

    /** A command that becomes another one, of this group. */
    public List<String> launcher() {
        return List.of("sh", "-c", "echo $$ >\"$0\"; echo $$ >\"$1\"; shift; exec \"$@\"",
                directory(MEMORY).resolve(PROCESSES).toString(), directory(CPU).resolve(PROCESSES).toString());
    }

    @Override
    public void close() throws IOException {
        Files.delete(directory(MEMORY));
        Files.delete(directory(CPU));
    }
}
