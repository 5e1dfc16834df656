package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.DatagramPacket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXDatagramSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/** What the service tells systemd. */
class SystemdIT {

    private static final Path VERIFIER = Path.of("/usr/bin/systemd-analyze");
    private static final int PATIENCE_MS = 30_000;

    @TempDir
    private Path directory;

    @Test
    void systemdIsToldWhenTheServiceIsReadyAndWhenItStops() throws Exception {
        Path socket = directory.resolve("notify");
        try (AFUNIXDatagramSocket systemd = AFUNIXDatagramSocket.newInstance()) {
            systemd.bind(AFUNIXSocketAddress.of(socket));
            systemd.setSoTimeout(PATIENCE_MS);
            try (var application = PackagedApplication.start(List.of("env", "NOTIFY_SOCKET=" + socket), directory,
                    Map.of("clocktower.socket-dir", directory.resolve("run").toString()))) {
                assertEquals("READY=1", next(systemd));
                application.signal("TERM");
                assertEquals("STOPPING=1", next(systemd));
                assertEquals(143, application.awaitEnd().status());
            }
        }
    }

    /** systemd finds nothing to say about the unit, but for the program, which is not installed here. */
    @Test
    void theUnitIsValid() throws Exception {
        assumeTrue(Files.isExecutable(VERIFIER), "no systemd-analyze");
        String unit = Files.readString(Path.of(System.getProperty("basedir", "")).toAbsolutePath()
                .resolve("deployment/clocktower.service"));
        Path file = Files.writeString(directory.resolve("clocktower.service"),
                unit.replaceAll("(?m)^ExecStart=.*$", "ExecStart=/bin/true"));
        Process verifier = new ProcessBuilder(VERIFIER.toString(), "verify", file.toString()).redirectErrorStream(true)
                .start();
        String said = new String(verifier.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, verifier.waitFor(), said);
        assertFalse(said.contains("clocktower.service:"), said);
    }

    private static String next(AFUNIXDatagramSocket systemd) throws Exception {
        var packet = new DatagramPacket(new byte[256], 256);
        systemd.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
    }
}
