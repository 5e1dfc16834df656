package io.clocktower.device;

import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.frontend.Bystander;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.status.DeviceState;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** While a loop polls a ring, it misses no request, and nothing else of it waits. */
class PollingIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final Duration WINDOW = Duration.ofNanos(100_000);
    private static final long PLAIN = FrontEnd.VERSION_1;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int REQUESTS = 30_000;

    private static Devices devices() throws Exception {
        var devices = new Devices();
        devices.create("polled", ClockSpec.DEFAULTS, WINDOW);
        devices.create("other", ClockSpec.DEFAULTS, WINDOW);
        return devices;
    }

    /** Makes a request, kicks only if the device asks for that, and waits without a notification. */
    private static boolean request(Guest guest) {
        guest.memory().release(guest.memory().guestAddress() + (1 << 20));
        guest.offer(REQUEST, new byte[16]);
        boolean isKickWanted = guest.ring().isKickWanted();
        if (isKickWanted) {
            guest.kick();
        }
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!guest.ring().hasUsed()) {
            assertTrue(System.nanoTime() < endNs, "the device missed a request");
            Thread.onSpinWait();
        }
        guest.ring().takeUsed();
        return isKickWanted;
    }

    private static void pause(long ns) {
        for (long endNs = System.nanoTime() + ns; System.nanoTime() < endNs;) {
            Thread.onSpinWait();
        }
    }

    /**
     * Pauses as long as the window lets requests fall between the last look and the sleep. A kick that is not wanted and a look
     * that does not come would leave a request for ever.
     */
    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, PLAIN, Guest.FEATURES | FrontEnd.RING_PACKED, PLAIN | FrontEnd.RING_PACKED})
    void noRequestIsMissedBetweenTheLastLookAndTheSleep(long features) throws Exception {
        var random = new Random(features);
        try (var devices = devices(); var guest = new Guest(devices.socket("polled"), features, 256, 0)) {
            int kicks = 0;
            for (int i = 0; i < REQUESTS; i++) {
                kicks += request(guest) ? 1 : 0;
                // Bursts open the window, and then one request comes about its end.
                pause(i % 8 == 0 ? random.nextLong(2 * WINDOW.toNanos()) : 0);
            }
            assertTrue(kicks > 0, "it slept now and then");
            if (Runtime.getRuntime().availableProcessors() > 1) {
                assertTrue(kicks < REQUESTS, "it polled now and then");
            }
        }
    }

    /** A guest that keeps its ring busy delays neither commands nor another device. */
    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, Guest.FEATURES | FrontEnd.RING_PACKED})
    void nothingWaitsForAGuestThatKeepsTheLoopPolling(long features) throws Exception {
        try (var devices = devices(); var guest = new Guest(devices.socket("polled"), features, 256, 0)) {
            Bystander.undisturbedBy(devices.socket("other"), () -> {
                for (long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(1); System.nanoTime() < endNs;) {
                    for (int i = 0; i < 1000; i++) {
                        request(guest);
                    }
                    long askedNs = System.nanoTime();
                    assertEquals(DeviceState.RUNNING, devices.status("polled").state());
                    assertTrue(System.nanoTime() - askedNs < TimeUnit.SECONDS.toNanos(1), "a command waits");
                }
            });
        }
    }

    /** What the guest does not ask for costs nothing: the loop sleeps soon after the last request. */
    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, PLAIN})
    void anIdleGuestCostsNoProcessorTime(long features) throws Exception {
        try (var devices = devices(); var guest = new Guest(devices.socket("polled"), features, 256, 0)) {
            for (int i = 0; i < 1000; i++) {
                request(guest);
            }
            Thread.sleep(50);
            long before = loopCpuNs();
            Thread.sleep(500);
            long usedNs = loopCpuNs() - before;
            assertTrue(usedNs < TimeUnit.MILLISECONDS.toNanos(5), usedNs + " ns of 500 ms");
        }
    }

    private static long loopCpuNs() {
        long loop = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("event-loop-0")).findFirst().orElseThrow().threadId();
        return java.lang.management.ManagementFactory.getThreadMXBean().getThreadCpuTime(loop);
    }

    /** The front-end stops, resets and disables the ring while the loop polls it. */
    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, Guest.FEATURES | FrontEnd.RING_PACKED})
    void aRingThatIsPolledCanBeReset(long features) throws Exception {
        try (var devices = devices(); var guest = new Guest(devices.socket("polled"), features, 256, 0)) {
            for (int i = 0; i < 200; i++) {
                for (int j = 0; j < 20; j++) {
                    request(guest);
                }
                guest.resetDevice();
                guest.offer(REQUEST, new byte[16]);
                guest.awaitUsed();
            }
        }
    }
}
