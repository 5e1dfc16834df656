package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clocktower.app.PackagedApplication.End;
import io.clocktower.frontend.Guest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The application runs where containers run it: with a read-only root file system, and a /tmp whose files cannot be run, or
 * that is read-only too. It is started in a mount namespace of its own, which takes root.
 */
class ReadOnlyIT {

    /** Arguments: options of /tmp, directories that are kept (the second one writable), and the command. */
    private static final String IN_READ_ONLY_ROOT = """
            set -eu
            options=$1 application=$2 directory=$3
            shift 3
            mount --make-rprivate /
            mount -t tmpfs tmpfs /mnt
            mkdir /mnt/application /mnt/directory
            mount --bind "$application" /mnt/application
            mount --bind "$directory" /mnt/directory
            mount -t tmpfs -o noexec tmpfs /tmp
            mkdir -p "$application" "$directory"
            mount --bind /mnt/application "$application"
            mount -o remount,bind,ro "$application"
            mount --bind /mnt/directory "$directory"
            mount -o remount,bind,ro /mnt
            mount -o "remount,$options" /tmp
            mount -o remount,bind,ro /
            cd /
            if touch /root/x 2>/dev/null; then exit 2; fi
            exec "$@"
            """;

    @TempDir
    private Path directory;

    @BeforeAll
    static void needsMountNamespaces() throws Exception {
        assumeTrue(new ProcessBuilder("unshare", "--mount", "true").start().waitFor() == 0,
                "no mount namespaces, which take root");
    }

    private List<String> inReadOnlyRoot(String options) {
        return List.of("unshare", "--mount", "bash", "-c", IN_READ_ONLY_ROOT, "read-only", options,
                PackagedApplication.PROGRAM.getParent().toString(), directory.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"noexec", "noexec,ro"})
    void aGuestIsServedWhereOnlySocketsAndStateCanBeWritten(String options) throws Exception {
        Path sockets = directory.resolve("run");
        try (var application = PackagedApplication.start(inReadOnlyRoot(options), directory,
                Map.of("clocktower.socket-dir", sockets.toString()));
                Guest guest = new Guest(sockets.resolve("vm0.sock"))) {
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            assertEquals(200,
                    application.send("PUT", "api/v1/devices/vm0/offset", "{\"offset\":\"PT1S\"}").statusCode());
            assertEquals(200, application.send("q/metrics").statusCode());
            boolean isWritable = !options.contains("ro");
            assertEquals(isWritable ? PackagedApplication.SWAGGER_UI : 404,
                    application.send("q/swagger-ui/").statusCode());
            assertEquals(
                    isWritable
                            ? List.of()
                            : List.of("Clocktower: /tmp is not writable: /q/swagger-ui is not available"),
                    application.log().lines().filter(line -> !line.contains(" INFO ")).toList());
        }
        assertTrue(Files.exists(directory.resolve("state/vm0.json")));
    }

    @Test
    void aNativeLibraryThatCannotBeLoadedIsNamedInOneLine() {
        End end = PackagedApplication.refuse(inReadOnlyRoot("noexec"), directory,
                Map.of("clocktower.socket-dir", directory.resolve("run").toString(),
                        "org.newsclub.net.unix.library.override", "/no/such/library.so"));

        List<String> lines = end.output().lines().filter(line -> !line.contains(" INFO ")).toList();
        assertEquals(1, end.status());
        assertEquals(1, lines.size(), end::output);
        assertTrue(lines.getFirst().startsWith("Clocktower does not start: cannot load junixsocket's native library: "),
                end::output);
        assertTrue(lines.getFirst().contains("/no/such/library.so"), end::output);
    }
}
