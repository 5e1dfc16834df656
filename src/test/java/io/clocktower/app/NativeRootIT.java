package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clocktower.frontend.Guest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The native executable runs in the root file system of its image, as the image's user: nothing else is in it. */
@EnabledIfSystemProperty(named = "clocktower.executable", matches = ".+")
class NativeRootIT {

    private static final long MOST_BYTES = 90_000_000;
    /** Arguments: the root, the path of the executable outside of it, and the executable's arguments. */
    private static final String IN_ROOT = """
            set -eu
            root=$0
            shift
            mount --make-rprivate /
            mount --bind "$root" "$root"
            mount -o remount,bind,ro "$root"
            mount -t proc proc "$root/proc"
            mount --bind /dev "$root/dev"
            mount -t tmpfs -o noexec,ro tmpfs "$root/tmp"
            mount --bind "$root.run" "$root/run/clocktower"
            mount --bind "$root.state" "$root/var/lib/clocktower"
            exec chroot --userspec=10001:10001 "$root" /clocktower "$@"
            """;

    @TempDir
    private Path directory;

    @Test
    void aGuestIsServedInTheRootFileSystemOfTheImage() throws Exception {
        assumeTrue(new ProcessBuilder("unshare", "--mount", "true").start().waitFor() == 0,
                "no mount namespaces, which take root");
        Path root = directory.resolve("root");
        ImageFiles image = ImageFiles.gather(root);
        for (String writable : List.of(".run", ".state")) {
            Path path = Files.createDirectory(directory.resolve("root" + writable));
            assertEquals(0, new ProcessBuilder("chown", "10001:10001", path.toString()).start().waitFor());
        }
        assertTrue(image.bytes() < MOST_BYTES, image.bytes() + " bytes");

        try (var application = PackagedApplication.start(
                List.of("unshare", "--mount", "sh", "-c", IN_ROOT, root.toString()), directory,
                Map.of("clocktower.socket-dir", "/run/clocktower", "clocktower.state-dir", "/var/lib/clocktower"));
                Guest guest = new Guest(directory.resolve("root.run/vm0.sock"))) {
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
            assertEquals(200,
                    application.send("PUT", "api/v1/devices/vm0/offset", "{\"offset\":\"PT1S\"}").statusCode());
        }
        assertTrue(Files.exists(directory.resolve("root.state/vm0.json")));
    }
}
