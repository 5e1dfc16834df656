package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the packaged application takes stays near what {@code docs/performance.md} says; the rest is the machine's. */
class MemoryIT {

    private static final long MEGABYTE_KB = 1024;
    private static final int MANY = 1_000;
    /** What the start leaves behind is given back within seconds. */
    private static final long SETTLED_NS = 20_000_000_000L;

    @TempDir
    private Path directory;

    @Test
    void oneDeviceTakesLessThan170MegabytesAfterAScrape() throws Exception {
        assertResident(1, 170);
    }

    @Test
    void aThousandDevicesTakeLessThan220MegabytesAfterAScrape() throws Exception {
        assertResident(MANY, 220);
    }

    private void assertResident(int devices, long megabytes) throws Exception {
        var properties = new TreeMap<>(Map.of("clocktower.socket-dir", directory.toString()));
        for (int i = 0; i < devices; i++) {
            properties.put("clocktower.devices.vm%d.socket".formatted(i),
                    directory.resolve("vm%d.sock".formatted(i)).toString());
        }
        try (var application = PackagedApplication.start(directory, properties)) {
            assertEquals(200, application.send("q/metrics").statusCode());
            long endNs = System.nanoTime() + SETTLED_NS;
            long residentKb;
            do {
                Thread.sleep(500);
                residentKb = Processes.residentKb(application.pid());
            } while (residentKb > megabytes * MEGABYTE_KB && System.nanoTime() < endNs);
            assertTrue(residentKb <= megabytes * MEGABYTE_KB, residentKb + " kB");
        }
    }
}
