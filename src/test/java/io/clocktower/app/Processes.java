package io.clocktower.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel tells of another process. */
public final class Processes {

    private Processes() {}

    public static long residentKb(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .map(line -> line.replaceAll("\\D", "")).mapToLong(Long::parseLong).findFirst().orElseThrow();
    }

    /** How long it has run on a processor, in milliseconds, to a hundredth of a second. */
    public static long cpuMs(long pid) throws IOException {
        String status = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // Behind the name, in which there may be blanks, the times in ticks are the 12th and 13th.
        String[] fields = status.substring(status.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * 10;
    }

    /** Of a process with a JVM as this one's. */
    static void collectGarbage(long pid) throws IOException, InterruptedException {
        new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid),
                "GC.run").redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    static int mappings(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/maps")).size();
    }

    static long descriptors(long pid) throws IOException {
        try (var open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return open.count();
        }
    }
}
