package io.clocktower.config;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewDirectoriesTest {

    @TempDir
    private Path directory;
    private final NewDirectories created = new NewDirectories();

    @Test
    void whatWasCreatedIsRemovedAndWhatWasThereStays() throws Exception {
        Path there = Files.createDirectory(directory.resolve("there"));
        Path state = directory.resolve("a/b/state");
        Path sockets = there.resolve("run");
        created.expect(state);
        created.expect(sockets);
        created.expect(there);
        Files.createDirectories(state);
        Files.createDirectories(sockets);
        Files.writeString(state.resolve("lock"), "");

        created.remove(state);

        assertFalse(Files.exists(directory.resolve("a")));
        assertFalse(Files.exists(sockets));
        assertTrue(Files.exists(there));
    }

    @Test
    void aDirectoryWithFilesOfOthersStays() throws Exception {
        Path sockets = directory.resolve("run");
        created.expect(sockets);
        Files.createDirectory(sockets);
        Files.writeString(sockets.resolve("other.sock"), "");

        created.remove(directory.resolve("state"));

        assertTrue(Files.exists(sockets.resolve("other.sock")));
    }

    @Test
    void stateThatWasKeptStays() throws Exception {
        Path state = directory.resolve("state");
        created.expect(state);
        Files.createDirectory(state);
        Files.writeString(state.resolve("lock"), "");
        Files.writeString(state.resolve("vm0.json"), "{}");

        created.remove(state);

        assertTrue(Files.exists(state.resolve("vm0.json")));
        assertTrue(Files.exists(state.resolve("lock")));
    }

    @Test
    void filesOfAStateDirectoryThatWasThereStay() throws Exception {
        Path state = Files.createDirectory(directory.resolve("state"));
        created.expect(state);
        Files.writeString(state.resolve("lock"), "");

        created.remove(state);

        assertTrue(Files.exists(state.resolve("lock")));
    }
}
