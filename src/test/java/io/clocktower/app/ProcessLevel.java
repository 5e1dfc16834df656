package io.clocktower.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a process has.
 *
 * @param threads by their names, without those of the JVM's compilers, which come and go
 * @param residentKb its resident memory
 */
record ProcessLevel(int descriptors, List<String> threads, long residentKb) {

    static ProcessLevel of(long pid) throws IOException {
        return new ProcessLevel((int) Processes.descriptors(pid), threads(pid), Processes.residentKb(pid));
    }

    private static List<String> threads(long pid) throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path task : tasks.toList()) {
                try {
                    names.add(Files.readString(task.resolve("comm")).strip());
                } catch (NoSuchFileException e) {
                    // It has ended.
                }
            }
        }
        names.removeIf(name -> name.contains("CompilerThre"));
        names.sort(null);
        return List.copyOf(names);
    }

    boolean isWithin(ProcessLevel other) {
        return descriptors <= other.descriptors && threads.size() <= other.threads.size();
    }

    @Override
    public String toString() {
        return "%d descriptors, %d threads, %d MB".formatted(descriptors, threads.size(), residentKb >> 10);
    }
}
