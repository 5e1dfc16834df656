package io.clocktower.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.state.StateDirectory;
import io.clocktower.state.KeptFiles;
import io.clocktower.state.StateFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed at any point of a load of changes leaves each device as it was, or as it was to be. */
class KillIT {

    /** {@code -Dkills=1000} for more than a build has time for. */
    private static final int KILLS = Integer.getInteger("kills", 12);
    /** One in so many comes at its start, when nothing has been changed yet. */
    private static final int EARLY = 8;
    private static final int LONGEST_US = 200_000;

    @TempDir
    private Path directory;
    private final Random random = new Random();
    /** By device; the last state that was answered. */
    private final Map<String, String> answered = new HashMap<>();
    /** By device; the state that was asked for after that, if any. */
    private final Map<String, String> asked = new HashMap<>();
    private long changes;
    private long found;
    private long foundUnanswered;

    @Test
    void eachDeviceIsAsTheLastAnswerSaidOrAsTheNextWouldHave() throws Exception {
        long startNs = System.nanoTime();
        Map<String, String> kept = new TreeMap<>();
        for (int kill = 0; kill < KILLS; kill++) {
            assertEquals(kept, runAndKill(), "restored before kill " + kill);
            kept = kept();
            check(kept, kill);
        }
        System.out.printf("%d kills in %d s: %d changes answered, %d devices found whole, %d of them as an unanswered"
                + " change would have them%n", KILLS, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs),
                changes, found, foundUnanswered);
    }

    /** Answers the devices as the process restored them. */
    private Map<String, String> runAndKill() throws Exception {
        Path log = directory.resolve("load.log");
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m", "--enable-native-access=ALL-UNNAMED",
                "-classpath", System.getProperty("java.class.path"), WritingLoad.class.getName(), directory.toString())
                .redirectError(log.toFile()).start();
        Map<String, String> restored = new TreeMap<>();
        try (BufferedReader lines = process.inputReader()) {
            String line = lines.readLine();
            for (; line != null && !line.equals("ready"); line = lines.readLine()) {
                String[] words = line.split(" ", 3);
                assertEquals("=", words[0], line);
                restored.put(words[1], words[2]);
            }
            assertTrue(line != null, () -> "it did not start: " + read(log));
            answered.clear();
            asked.clear();
            answered.putAll(restored);
            boolean isEarly = random.nextInt(EARLY) == 0;
            while (line != null && !isEarly && !line.startsWith("<")) {
                line = lines.readLine();
                take(line);
            }
            Thread killer = Thread.ofPlatform().start(() -> killAfter(process, random.nextInt(LONGEST_US)));
            for (line = lines.readLine(); line != null; line = lines.readLine()) {
                take(line);
            }
            killer.join();
        } finally {
            process.destroyForcibly().waitFor();
        }
        return restored;
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** At any point, so not after something has happened. */
    private static void killAfter(Process process, int us) {
        try {
            process.waitFor(us, TimeUnit.MICROSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // The process's own method would close the pipe with what is still in it.
        process.toHandle().destroyForcibly();
    }

    private void take(String line) {
        String[] words = line.split(" ", 3);
        if (words[0].equals(">") && words.length == 3) {
            asked.put(words[1], words[2]);
        } else if (words[0].equals("<")) {
            answered.put(words[1], asked.remove(words[1]));
            changes++;
        } else {
            throw new AssertionError(line);
        }
    }

    /** What is on disk, all of which must be whole. */
    private Map<String, String> kept() throws IOException {
        Map<String, String> kept = new TreeMap<>();
        try (StateDirectory state = StateDirectory.open(directory.resolve("state"))) {
            for (var file : state.read().entrySet()) {
                StateFile content = KeptFiles.read(file.getValue());
                assertEquals(file.getKey(), content.device().name());
                kept.put(file.getKey(), WritingLoad.state(WritingLoad.offsets(content.faults())));
            }
        }
        try (Stream<Path> files = Files.list(directory.resolve("state"))) {
            List<Path> aside = files.filter(file -> file.toString().contains("set-aside")).toList();
            assertEquals(List.of(), aside);
        }
        return kept;
    }

    private void check(Map<String, String> kept, int kill) {
        List<String> names = new ArrayList<>(answered.keySet());
        asked.keySet().stream().filter(name -> !answered.containsKey(name)).forEach(names::add);
        for (String name : names) {
            String state = kept.getOrDefault(name, WritingLoad.GONE);
            String before = answered.getOrDefault(name, WritingLoad.GONE);
            boolean isAnswered = state.equals(before);
            assertTrue(isAnswered || state.equals(asked.get(name)), () -> "kill %d: %s is %s, expected %s or %s"
                    .formatted(kill, name, state, before, asked.get(name)));
            found++;
            foundUnanswered += isAnswered ? 0 : 1;
        }
        assertTrue(names.containsAll(kept.keySet()), () -> kept + " but " + names);
    }
}
