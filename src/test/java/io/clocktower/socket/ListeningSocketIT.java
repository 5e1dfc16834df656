package io.clocktower.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Libc;
import io.clocktower.spec.DeviceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXServerSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;

class ListeningSocketIT {

    @TempDir
    private Path directory;
    private Path path;

    @BeforeEach
    void choosePath() {
        path = directory.resolve("vm0.sock");
    }

    private void assertConnects(ListeningSocket socket) throws IOException {
        FrontEnd frontEnd = new FrontEnd(path);
        var accepted = socket.accept();
        assertNotNull(accepted);
        accepted.close();
        frontEnd.close();
    }

    private void assertRefused(String why) {
        var refusal = assertThrows(DeviceException.class, () -> ListeningSocket.bind(path));
        assertTrue(refusal.getMessage().contains(why) && refusal.getMessage().contains(path.toString()),
                refusal.getMessage());
    }

    @Test
    void itAcceptsWithoutWaiting() throws Exception {
        try (var socket = ListeningSocket.bind(path)) {
            assertEquals(null, socket.accept());
            assertConnects(socket);
        }
    }

    @Test
    void itsFileIsForOwnerAndGroup() throws Exception {
        try (var socket = ListeningSocket.bind(path)) {
            assertTrue(socket.number() > 0);
            assertEquals("rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        }
    }

    @Test
    void itsFileGoesWithIt() throws Exception {
        ListeningSocket.bind(path).close();
        assertFalse(Files.exists(path, LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void aFileThatTookItsPlaceStays() throws Exception {
        ListeningSocket first = ListeningSocket.bind(path);
        Files.delete(path);
        try (var second = ListeningSocket.bind(path)) {
            first.close();
            assertTrue(Files.exists(path));
            assertConnects(second);
        }
    }

    @Test
    void aStaleSocketFileIsReplaced() throws Exception {
        // junixsocket removes the file when it closes a socket, and a process that is killed does not.
        Path elsewhere = directory.resolve("elsewhere");
        AFUNIXServerSocketChannel dead = AFUNIXServerSocketChannel.open();
        dead.bind(AFUNIXSocketAddress.of(elsewhere));
        Files.move(elsewhere, path);
        dead.close();
        assertTrue(Files.exists(path));

        try (var socket = ListeningSocket.bind(path)) {
            assertConnects(socket);
        }
    }

    @Test
    void aLiveSocketIsNot() throws Exception {
        try (var first = ListeningSocket.bind(path)) {
            assertRefused(" is in use: another process listens there");
            first.accept().close();
            assertConnects(first);
        }
    }

    @Test
    void nothingButASocketIsReplaced() throws Exception {
        Files.writeString(path, "keep");
        assertRefused("is not a socket");
        assertEquals("keep", Files.readString(path));
        Files.delete(path);

        Files.createDirectory(path);
        assertRefused("is not a socket");
        Files.delete(path);

        Files.createSymbolicLink(path, directory.resolve("nowhere"));
        assertRefused("is not a socket");
        Files.delete(path);

        Libc.makeFifo(path.toString());
        assertRefused("is not a socket");
        assertTrue(Files.exists(path));
    }

    @Test
    void aDirectoryThatIsNotThereIsAClearError() {
        path = directory.resolve("missing").resolve("vm0.sock");
        assertRefused("cannot listen at");
    }
}
