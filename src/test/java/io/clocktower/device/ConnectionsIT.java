package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.GET_FEATURES;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Front-ends come and go, one at a time. */
class ConnectionsIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final long TOLERANCE_BYTES = 8 << 20;

    private Devices devices;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices("vm0");
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
    }

    @Test
    void aSecondFrontEndIsRefusedWhileTheFirstLives() throws Exception {
        try (var log = new LogCounter(); var guest = new Guest(devices.socket("vm0"))) {
            for (int i = 1; i <= 5; i++) {
                try (var second = new FrontEnd(devices.socket("vm0"))) {
                    second.awaitClosed();
                }
                assertEquals(i, devices.status("vm0").connectionsRefused());
                assertEquals(0, guest.request(REQUEST, 16).status());
            }
            assertEquals(1, devices.status("vm0").connectionsAccepted());
            log.await(5, line -> line.contains("refused a second front-end"));
        }
    }

    @Test
    void aThousandReconnectsAreNoFloodInTheLogAndHideNoError() throws Exception {
        try (var log = new LogCounter()) {
            for (int i = 0; i < 1000; i++) {
                try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
                    frontEnd.askU64(GET_FEATURES);
                }
            }
            try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
                frontEnd.send(99, FrontEnd.VERSION, new byte[0]);
                frontEnd.awaitClosed();
            }
            log.await(1, line -> line.contains("request 99: unknown"));
            long lines = log.count(_ -> true);
            assertTrue(lines < 100, () -> lines + " lines");
        }
    }

    @Test
    void oneThatComesJustAfterTheFirstClosedIsServed() throws Exception {
        for (int i = 0; i < 1000; i++) {
            try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
                frontEnd.askU64(GET_FEATURES);
            }
        }
        DeviceStatus status = devices.status("vm0");
        assertEquals(1000, status.connectionsAccepted());
        assertEquals(0, status.connectionsRefused());
        assertEquals(0, status.protocolErrors());
    }

    /** Even where the one that closed left messages behind. */
    @Test
    void oneThatComesAfterAnotherThatDidNotWaitForItsRepliesIsServed() throws Exception {
        for (int i = 0; i < 200; i++) {
            try (var hasty = new FrontEnd(devices.socket("vm0"))) {
                for (int j = 0; j < 40; j++) {
                    hasty.send(FrontEnd.SET_OWNER, FrontEnd.VERSION, new byte[0]);
                }
            }
            try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
                frontEnd.askU64(GET_FEATURES);
            }
        }
        assertEquals(0, devices.status("vm0").connectionsRefused());
    }

    @Test
    void cyclesOfConnectionsLeaveDescriptorsAndMemoryAsTheyWere() throws Exception {
        // What the JVM compiles, and how it sizes its heap, is settled by then.
        cycle(700);
        long descriptors = OpenDescriptors.settled();
        long before = residentBytes();
        cycle(1000);
        OpenDescriptors.await(descriptors);
        long grown = Long.MAX_VALUE;
        for (int i = 0; i < 10 && grown >= TOLERANCE_BYTES; i++) {
            // The collector gives pages back a little after it ran.
            grown = residentBytes() - before;
        }
        assertTrue(grown < TOLERANCE_BYTES, "%d KiB more are resident".formatted(grown >> 10));
        assertEquals(0, devices.status("vm0").connectionsRefused());
    }

    private void cycle(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            try (var guest = new Guest(devices.socket("vm0"))) {
                assertEquals(0, guest.request(REQUEST, 16).status());
            }
        }
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
    }

    /** The heap counts with what is used of it: its pages come and go as the collector likes. */
    private static long residentBytes() throws IOException {
        System.gc();
        System.gc();
        long resident = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:")).map(line -> line.replaceAll("\\D", ""))
                .mapToLong(Long::parseLong).findFirst().orElseThrow() << 10;
        var heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return resident - heap.getCommitted() + heap.getUsed();
    }
}
