package io.clocktower.health;

import static org.eclipse.microprofile.health.HealthCheckResponse.Status.DOWN;
import static org.eclipse.microprofile.health.HealthCheckResponse.Status.UP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.device.Devices;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.junit.jupiter.api.Test;

class HealthIT {

    private static final Duration MOVING = Duration.ofMillis(1);
    private static final Duration STUCK = EventLoopsLiveness.STUCK.plusMillis(1);

    private static HealthCheckResponse.Status liveness(Duration... busyFor) {
        return EventLoopsLiveness.response(List.of(busyFor), List.of()).getStatus();
    }

    @Test
    void itIsAliveWhileAnyLoopHasMovedForAMinute() {
        assertEquals(UP, liveness(MOVING));
        assertEquals(UP, liveness(EventLoopsLiveness.STUCK));
        assertEquals(UP, liveness(STUCK, MOVING));
        assertEquals(DOWN, liveness(STUCK));
        assertEquals(DOWN, liveness(STUCK, Duration.ofSeconds(Long.MAX_VALUE)));
    }

    @Test
    void itIsNotReadyWhileALoopIsLateAndStillAlive() throws Exception {
        try (var devices = new Devices("vm0")) {
            var readiness = new DevicesReadiness(devices.host());
            assertEquals(UP, readiness.call().await().indefinitely().getStatus());
            CountDownLatch release = devices.hold();
            awaitReadiness(readiness, DOWN);
            assertEquals(UP, new EventLoopsLiveness(devices.host()).call().await().indefinitely().getStatus());
            release.countDown();
            awaitReadiness(readiness, UP);
        }
    }

    private static void awaitReadiness(DevicesReadiness readiness, HealthCheckResponse.Status status) {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (readiness.call().await().indefinitely().getStatus() != status) {
            assertTrue(System.nanoTime() < endNs, "it does not become " + status);
            Thread.onSpinWait();
        }
    }
}
