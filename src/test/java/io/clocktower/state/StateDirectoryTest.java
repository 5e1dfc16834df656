package io.clocktower.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.device.LogCounter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of files in a state directory, on a real file system. */
class StateDirectoryTest {

    @TempDir
    private Path parent;
    private Path path;
    private StateDirectory state;
    private final LogCounter log = new LogCounter();

    @BeforeEach
    void open() throws Exception {
        path = parent.resolve("var/lib/state");
        state = StateDirectory.open(path);
    }

    @AfterEach
    void close() {
        state.close();
        log.close();
    }

    @Test
    void theDirectoryAndItsFilesArePrivate() throws Exception {
        state.write("vm0", bytes("a"));

        assertEquals("rwxr-x---", mode(path));
        assertEquals("rw-------", mode(path.resolve("vm0.json")));
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void whatIsWrittenIsReadInItsPlace() throws Exception {
        state.write("vm0", bytes("longer than the next"));
        state.write("vm0", bytes("second"));
        state.write("a.b-c_D", new byte[0]);
        state.write("x".repeat(63), new byte[StateDirectory.MAX_BYTES]);

        assertEquals(Map.of("vm0", "second", "a.b-c_D", "", "x".repeat(63), "\0".repeat(StateDirectory.MAX_BYTES)),
                read());
        assertEquals(Set.of("lock", "vm0.json", "a.b-c_D.json", "x".repeat(63) + ".json"), files());
    }

    @Test
    void itIsThereForTheNextProcess() throws Exception {
        state.write("vm0", bytes("a"));
        state.close();
        state = StateDirectory.open(path);

        assertEquals(Map.of("vm0", "a"), read());
    }

    @Test
    void whatIsDeletedIsGoneAndMayBeGoneAlready() throws Exception {
        state.write("vm0", bytes("a"));
        state.delete("vm0");
        state.delete("vm0");

        assertEquals(Map.of(), read());
        assertEquals(Set.of("lock"), files());
    }

    @Test
    void aTornFileThatWasLeftIsRemoved() throws Exception {
        state.write("vm0", bytes("whole"));
        state.close();
        Files.writeString(path.resolve("vm0.json.tmp"), "to");
        Files.writeString(path.resolve("vm1.json.tmp"), "to");
        state = StateDirectory.open(path);

        assertEquals(Map.of("vm0", "whole"), read());
        assertEquals(Set.of("lock", "vm0.json"), files());
    }

    @Test
    @Timeout(10)
    void whatIsForeignIsSetAsideAndHidesNothing() throws Exception {
        state.write("vm0", bytes("a"));
        Path secret = Files.writeString(parent.resolve("secret"), "secret");
        Files.createSymbolicLink(path.resolve("link.json"), secret);
        Files.createSymbolicLink(path.resolve("dangling.json"), parent.resolve("nothing"));
        Files.createDirectory(path.resolve("directory.json"));
        Files.write(path.resolve("large.json"), new byte[StateDirectory.MAX_BYTES + 1]);
        Files.writeString(path.resolve("-a.json"), "{}");
        Files.writeString(path.resolve("vm0 (copy).json"), "{}");
        assertEquals(0, new ProcessBuilder("mkfifo", path.resolve("fifo.json").toString()).start().waitFor());

        assertEquals(Map.of("vm0", "a"), read());

        assertEquals(Set.of("lock", "vm0.json", "link.json.set-aside", "dangling.json.set-aside",
                "directory.json.set-aside", "large.json.set-aside", "-a.json.set-aside", "vm0 (copy).json.set-aside",
                "fifo.json.set-aside"),
                files().stream().map(file -> file.replaceFirst("-\\d{8}T\\d{6}Z$", "")).collect(Collectors.toSet()));
        assertEquals(7, log.count(line -> line.contains(" is not used: it")));
        assertEquals("secret", Files.readString(secret));
        state.write("fifo", bytes("b"));
        assertEquals(Map.of("vm0", "a", "fifo", "b"), read());
        assertEquals(7, log.count(line -> line.contains(" is not used: it")));
    }

    @Test
    void otherFilesAreLeftAlone() throws Exception {
        Files.writeString(path.resolve("README"), "x");
        Files.createDirectory(path.resolve("lost+found"));
        Files.createDirectory(path.resolve("sub"));
        Files.writeString(path.resolve("sub/vm0.json"), "x");
        Set<String> before = files();

        assertEquals(Map.of(), read());
        assertEquals(before, files());
        assertEquals(0, log.count(line -> line.contains("not used")));
    }

    @Test
    void aFileWithTooLongANameForSettingAsideStaysAndHidesNothing() throws Exception {
        state.write("vm0", bytes("a"));
        String name = "y".repeat(250) + ".json";
        Files.writeString(path.resolve(name), "{}");

        assertEquals(Map.of("vm0", "a"), read());
        assertTrue(files().contains(name));
        assertEquals(1, log.count(line -> line.contains("cannot be set aside")));
    }

    @Test
    void nothingThatWasSetAsideIsOverwritten() throws Exception {
        for (String content : List.of("1", "2", "3")) {
            state.write("vm0", bytes(content));
            state.setAside("vm0", "it is torn");
        }

        assertEquals(Map.of(), read());
        Set<String> contents = files().stream().filter(file -> file.startsWith("vm0.json.set-aside-"))
                .map(file -> text(path.resolve(file))).collect(Collectors.toSet());
        assertEquals(Set.of("1", "2", "3"), contents);
        assertEquals(3, log
                .count(line -> line.startsWith(state.path() + "/vm0.json is not used: it is torn; it was moved to ")));
    }

    @Test
    void aCopyThatIsSetAsideLeavesTheFile() throws Exception {
        state.write("vm0", bytes("1"));
        state.copyAside("vm0", "it has an unknown fault");

        assertEquals(Map.of("vm0", "1"), read());
        String copy = files().stream().filter(file -> file.startsWith("vm0.json.set-aside-")).findFirst().orElseThrow();
        assertEquals("1", text(path.resolve(copy)));
        assertEquals(1, log.count(line -> line.equals(state.path()
                + "/vm0.json is used in part: it has an unknown fault; a copy of it is " + state.path() + "/" + copy)));
    }

    @Test
    void aNumberNeverComesAgain() throws Exception {
        assertEquals(1, state.next("plan"));
        assertEquals(2, state.next("plan"));
        assertEquals(1, state.next("other"));
        state.write("plan", bytes("a device of that name"));
        state.close();
        state = StateDirectory.open(path);

        assertEquals(3, state.next("plan"));
        Files.writeString(path.resolve("plan.number"), "many");
        var failure = assertThrows(IOException.class, () -> state.next("plan"));
        assertEquals("cannot advance " + path.toRealPath() + "/plan.number: it contains no number",
                failure.getMessage());
    }

    @Test
    void whatCannotBeWrittenLeavesWhatWasThere() throws Exception {
        Path blocked = Files.createDirectories(path.resolve("vm0.json/inside")).getParent();

        var failure = assertThrows(IOException.class, () -> state.write("vm0", bytes("b")));

        assertTrue(failure.getMessage().startsWith("cannot write " + path.toRealPath() + "/vm0.json: "),
                failure::getMessage);
        assertTrue(Files.isDirectory(blocked, LinkOption.NOFOLLOW_LINKS));
        assertEquals(Set.of("lock", "vm0.json"), files());
        state.write("vm1", bytes("c"));
        assertEquals("c", read().get("vm1"));
    }

    @Test
    void moreThanIsReadIsNotWritten() throws Exception {
        state.write("vm0", bytes("a"));

        var failure = assertThrows(IOException.class,
                () -> state.write("vm0", new byte[StateDirectory.MAX_BYTES + 1]));

        assertTrue(failure.getMessage().contains("vm0.json: 1048577 bytes, expected at most 1048576"),
                failure::getMessage);
        assertEquals(Map.of("vm0", "a"), read());
    }

    @Test
    void anInterruptedThreadWritesAndStaysInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        state.write("vm0", bytes("a"));
        assertTrue(Thread.interrupted());

        assertEquals(Map.of("vm0", "a"), read());
    }

    @Test
    void interruptionsTearNothing() throws Exception {
        byte[] content = new byte[200_000];
        for (int i = 0; i < 50; i++) {
            Arrays.fill(content, (byte) i);
            Thread writer = Thread.ofVirtual().start(() -> assertWritten(content));
            for (int interruption = 0; interruption < 5; interruption++) {
                LockSupport.parkNanos(100_000);
                writer.interrupt();
            }
            writer.join();
            assertArrayEquals(content, state.read().get("vm0"));
        }
        assertEquals(Set.of("lock", "vm0.json"), files());
    }

    private void assertWritten(byte[] content) {
        try {
            state.write("vm0", content);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void manyThreadsWriteWholeContents() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Void>> writers = IntStream.range(0, 200).<Callable<Void>>mapToObj(i -> () -> {
                state.write("vm" + i % 5, bytes(Integer.toString(i).repeat(1 + i)));
                return null;
            }).toList();
            for (Future<Void> written : threads.invokeAll(writers)) {
                written.get();
            }
        }

        Map<String, String> contents = read();
        assertEquals(5, contents.size());
        Set<String> whole = IntStream.range(0, 200).mapToObj(i -> Integer.toString(i).repeat(1 + i))
                .collect(Collectors.toSet());
        assertTrue(whole.containsAll(contents.values()), contents::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "../a", "a/b", "-a", "a-", "a b", "a\0", "ä"})
    void aNameThatIsNoDevicesIsNotAFiles(String name) {
        assertThrows(IllegalArgumentException.class, () -> state.write(name, bytes("a")));
        assertThrows(IllegalArgumentException.class, () -> state.delete(name));
        assertThrows(IllegalArgumentException.class, () -> state.setAside(name, "it is torn"));
        assertThrows(IllegalArgumentException.class, () -> state.write("x".repeat(64), bytes("a")));
    }

    @Test
    void oneAtATimeUsesADirectory() throws Exception {
        Path link = Files.createSymbolicLink(parent.resolve("link"), path);
        var refusal = assertThrows(IOException.class, () -> StateDirectory.open(link));

        assertEquals(link + " is already in use by this process", refusal.getMessage());
        state.write("vm0", bytes("the first has it still"));
    }

    @Test
    void whatIsClosedWritesNoMore() throws Exception {
        state.write("vm0", bytes("a"));
        state.close();
        state.close();

        assertThrows(IOException.class, () -> state.write("vm0", bytes("b")));
        assertThrows(IOException.class, () -> state.delete("vm0"));
        assertThrows(IOException.class, state::read);
        state.setAside("vm0", "it is torn");
        assertEquals("a", text(path.resolve("vm0.json")));
    }

    @Test
    void aDirectoryThatCannotBeHadIsNamed() throws Exception {
        Path file = Files.writeString(parent.resolve("file"), "");

        assertRefused(file + " is not a directory", file);
        assertRefused(file.resolve("x") + " " + file + " is not a directory", file.resolve("x"));
        assertRefused("/proc/x ", Path.of("/proc/x"));
        assertRefused("/proc/", Path.of("/proc/self"));
        assertFalse(Files.isDirectory(file));
    }

    private static void assertRefused(String start, Path directory) {
        var refusal = assertThrows(IOException.class, () -> StateDirectory.open(directory));
        assertTrue(refusal.getMessage().startsWith(start), refusal::getMessage);
    }

    private Map<String, String> read() throws IOException {
        Map<String, String> contents = new TreeMap<>();
        state.read().forEach((name, content) -> contents.put(name, new String(content, UTF_8)));
        return contents;
    }

    private Set<String> files() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.map(Path::getFileName).map(Path::toString).collect(Collectors.toSet());
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
