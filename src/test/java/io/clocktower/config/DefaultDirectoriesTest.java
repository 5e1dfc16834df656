package io.clocktower.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where sockets and state are if nobody says. */
class DefaultDirectoriesTest {

    @Test
    void rootHasTheSystems() {
        var root = of("root", "/root", Map.of("XDG_RUNTIME_DIR", "/run/user/0", "XDG_STATE_HOME", "/root/s"));

        assertEquals(Path.of("/run/clocktower"), root.sockets());
        assertEquals(Path.of("/var/lib/clocktower"), root.state());
    }

    @Test
    void aUserHasThoseOfTheSession() {
        var user = of("eve", "/home/eve", Map.of("XDG_RUNTIME_DIR", "/run/user/7", "XDG_STATE_HOME", "/data/eve"));

        assertEquals(Path.of("/run/user/7/clocktower"), user.sockets());
        assertEquals(Path.of("/data/eve/clocktower"), user.state());
    }

    @Test
    void aUserWithoutASessionHasThoseOfTheName() {
        for (Map<String, String> unset : List.of(Map.<String, String>of(),
                Map.of("XDG_RUNTIME_DIR", "", "XDG_STATE_HOME", ""))) {
            var user = of("eve", "/home/eve", unset);

            assertEquals(Path.of("/tmp/clocktower-eve"), user.sockets());
            assertEquals(Path.of("/home/eve/.local/state/clocktower"), user.state());
        }
    }

    @Test
    void aRelativePathIsNobodysState() {
        assertEquals(Path.of("/home/eve/.local/state/clocktower"),
                of("eve", "/home/eve", Map.of("XDG_STATE_HOME", "state")).state());
        assertEquals(Path.of("/var/lib/clocktower"), of("?", "?", Map.of()).state());
    }

    @Test
    void aPodHasThoseBelowTheDirectoryOfItsHook() {
        for (String user : List.of("root", "?")) {
            var pod = new DefaultDirectories(Optional.of(Path.of("/var/run/kubevirt-hooks")), user, "?", "/tmp",
                    Map.of("XDG_RUNTIME_DIR", "/var/run")::get);

            assertEquals(Path.of("/var/run/kubevirt-hooks/sockets"), pod.sockets());
            assertEquals(Path.of("/var/run/kubevirt-hooks/state"), pod.state());
        }
    }

    private static DefaultDirectories of(String user, String home, Map<String, String> environment) {
        return new DefaultDirectories(Optional.empty(), user, home, "/tmp", environment::get);
    }
}
