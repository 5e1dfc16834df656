package io.clocktower.kubevirt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.app.PackagedApplication;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application as the sidecar of a Plugin. */
class PluginIT {

    private static final Duration CALL = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    @Test
    void aPluginChangesTheDomainWithTheSocketWhereBothContainersHaveIt() throws Exception {
        Path plugin = Files.createDirectory(directory.resolve("clocktower"));
        try (var application = PackagedApplication.start(directory, Map.of("clocktower.kubevirt.plugin.enabled", "true",
                "clocktower.kubevirt.plugin.directory", plugin.toString(), "clocktower.state-dir", ""));
                var manager = new HookManager(directory)) {
            Path socket = plugin.resolve("clocktower.sock");
            assertTrue(Files.exists(socket, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(socket));
            String domain = Domains.read("plugin-default-namespace");

            String changed = manager.call(socket, "kubevirt.hooks.plugins.v1alpha1.DomainHookService/MutateDomain",
                    new WireMessage().with(1, "libvirt").with(2, domain).with(3, "{\"metadata\":{\"name\":\"till-1\"}}")
                            .with(4, new WireMessage().with(1, "Boot")),
                    CALL).text(1);

            assertEquals(Domains.diff("plugin-default-namespace").stream()
                    .map(line -> line.replaceFirst("path=[^\"]*", "path=" + plugin.resolve("sockets/vm0.sock")))
                    .toList(),
                    LineDiff.of(domain, changed));
            assertEquals("till-1", application.get("api/v1/devices/vm0").at("/labels/vmi").asText());
            assertTrue(Files.exists(plugin.resolve("sockets/vm0.sock")));
        }
    }
}
