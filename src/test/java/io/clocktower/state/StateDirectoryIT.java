package io.clocktower.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A state directory and other processes: one that uses it too, one that is killed, one that has no room. */
class StateDirectoryIT {

    /** {@code -Dkills=1000} for more than a build has time for. */
    private static final int KILLS = Integer.getInteger("kills", 25);
    private static final int MAX_VERSIONS = 5;
    private static final int MAX_MORE_MICROS = 5_000;
    private static final int MAX_CONTENT_BYTES = 100_000;
    private static final long PATIENCE_S = 60;

    @TempDir
    private Path directory;

    /** Writes one version after another, beginning after that which is kept, and says each that has been written. */
    static final class Writer {

        private Writer() {}

        public static void main(String... arguments) throws IOException {
            try (var state = StateDirectory.open(Path.of(arguments[0]))) {
                int version = version(state).orElse(0);
                System.out.println(version);
                while (true) {
                    state.write("vm0", content(++version));
                    System.out.println(version);
                }
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    /** A version of any length, of which a part is none. */
    private static byte[] content(int version) {
        byte[] content = new byte[Integer.BYTES + new Random(version).nextInt(MAX_CONTENT_BYTES)];
        new Random(version).nextBytes(content);
        ByteBuffer.wrap(content).putInt(version);
        return content;
    }

    /** The version that is kept. */
    private static Optional<Integer> version(StateDirectory state) throws IOException {
        byte[] kept = state.read().get("vm0");
        if (kept == null) {
            return Optional.empty();
        }
        int version = ByteBuffer.wrap(kept).getInt();
        if (!Arrays.equals(content(version), kept)) {
            throw new AssertionError("version " + version + " is torn");
        }
        return Optional.of(version);
    }

    /** Whenever the process is killed, the last version that it has said is there, or the one it was about to. */
    @Test
    void aWriterThatIsKilledLeavesAWholeVersion() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var rounds = threads.invokeAll(Stream.of(1, 2).<Callable<Void>>map(seed -> () -> {
                killWriters(directory.resolve("state" + seed), new Random(seed));
                return null;
            }).toList());
            for (Future<Void> round : rounds) {
                round.get();
            }
        }
    }

    private static void killWriters(Path path, Random random) throws Exception {
        int last = 0;
        for (int i = 0; i < KILLS; i++) {
            Process writer = writer(path);
            try (var said = writer.inputReader()) {
                assertEquals(Integer.toString(last), said.readLine());
                for (int versions = random.nextInt(MAX_VERSIONS); versions > 0; versions--) {
                    last = Integer.parseInt(said.readLine());
                }
                TimeUnit.MICROSECONDS.sleep(random.nextInt(MAX_MORE_MICROS));
                // Not the process's own method, which closes the streams too.
                writer.toHandle().destroyForcibly();
                last = said.lines().mapToInt(Integer::parseInt).max().orElse(last);
            }
            assertTrue(writer.waitFor(PATIENCE_S, TimeUnit.SECONDS));
            try (var state = StateDirectory.open(path)) {
                int kept = version(state).orElse(0);
                assertTrue(kept == last || kept == last + 1, "said " + last + ", kept " + kept);
                last = kept;
            }
        }
        assertTrue(last > KILLS, "too few versions to tell: " + last);
        assertEquals(List.of("lock", "vm0.json"), files(path));
    }

    @Test
    void anotherProcessMayNotUseIt() throws Exception {
        Process writer = writer(directory);
        try (var said = writer.inputReader()) {
            assertEquals("0", said.readLine());
            var refusal = assertThrows(IOException.class, () -> StateDirectory.open(directory));
            assertEquals(directory + " is in use by another process", refusal.getMessage());
            assertThrows(IOException.class, () -> StateDirectory.open(directory), "nor after it was refused");
            assertTrue(writer.isAlive());
        } finally {
            writer.destroyForcibly().waitFor();
        }
        try (var state = StateDirectory.open(directory)) {
            assertThrows(IOException.class, () -> StateDirectory.open(directory), "which does not unlock it");
            assertEquals(directory + " is in use by another process", ended(writer(directory)));
            assertEquals(Optional.empty(), version(state));
        }
    }

    /** A limit on a file's size ends a write as a full disk does: after a part of it. */
    @Test
    void aWriteThatDoesNotFitLeavesWhatWasThere() throws Exception {
        String end = ended(
                new ProcessBuilder(Stream.concat(Stream.of("bash", "-c", "ulimit -f 80; exec \"$@\"", "limited"),
                        command(directory).stream()).toList()).start());

        assertTrue(end.startsWith("cannot write " + directory.toRealPath() + "/vm0.json: "), end);
        assertEquals(List.of("lock", "vm0.json"), files(directory));
        try (var state = StateDirectory.open(directory)) {
            assertTrue(version(state).orElseThrow() > 0);
        }
    }

    private String ended(Process writer) throws Exception {
        try (var said = writer.inputReader()) {
            List<String> lines = said.lines().toList();
            assertEquals(0, writer.waitFor(), lines::toString);
            return lines.getLast();
        }
    }

    private static Process writer(Path path) throws IOException {
        return new ProcessBuilder(command(path)).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    /** As fast to start as it can be. */
    private static List<String> command(Path path) {
        return List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp",
                System.getProperty("java.class.path"), Writer.class.getName(), path.toString());
    }

    private static List<String> files(Path path) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.map(Path::getFileName).map(Path::toString).sorted().toList();
        }
    }
}
