package io.clocktower.device;

import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.Effect;
import io.clocktower.fault.FaultRequests;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.status.DeviceState;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever the handlers of a device throw, memory that is short included. */
class FailuresIT {

    private static final long SECOND = 1_000_000_000;
    private static final int ENABLED = 1;
    /** When a device looks at its alarms again after a failure. */
    private static final long AGAIN_NS = SECOND;

    private Devices devices;

    @BeforeEach
    void start() throws Exception {
        // The last one is the one that a test makes fail.
        devices = new Devices("other", "failing");
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
    }

    private static Guest withAlarms(Path socket) throws Exception {
        return new Guest(socket, Guest.FEATURES | Alarmq.F_ALARM, 64, 0);
    }

    @Test
    void aDeviceWhoseHandlerFailsLosesItsFrontEndAlone() throws Exception {
        long descriptors = OpenDescriptors.settled();
        try (var log = new LogCounter();
                Guest other = withAlarms(devices.socket("other"));
                var alarmq = new Alarmq(other)) {
            alarmq.makeAvailable();
            assertEquals(0, other.request(setAlarm(0, devices.clock().realtimeNs() + SECOND, ENABLED), 8).status());
            for (int i = 0; i < 3; i++) {
                try (var failing = new Guest(devices.socket("failing"))) {
                    assertEquals(0, failing.request(ofClock(READ, 0), 16).status());
                    devices.clock().runOnLoop(() -> {
                        throw new OutOfMemoryError("of a test");
                    });
                    failing.frontEnd().awaitClosed();
                }
                devices.await("failing", status -> status.state() == DeviceState.WAITING);
            }
            log.await(3, line -> line.startsWith("failing: unexpected failure"));
            assertEquals(0, other.request(ofClock(READ, 0), 16).status());
            devices.clock().advance(SECOND);
            assertEquals(0, alarmq.awaitNotification());
        }
        devices.await("other", status -> status.state() == DeviceState.WAITING);
        OpenDescriptors.await(descriptors);
    }

    @Test
    void alarmsGoOnWhereAFaultThatIsDueCannotBegin() throws Exception {
        try (Guest guest = withAlarms(devices.socket("failing")); var alarmq = new Alarmq(guest)) {
            alarmq.makeAvailable();
            devices.host().changes().inject("failing", DeviceVersion.ANY, Optional.of("step"),
                    FaultRequests.from(Instant.ofEpochSecond(0, devices.clock().realtimeNs() + SECOND),
                            FaultRequests.of(new Effect.Step(-1))));
            assertEquals(0, guest.request(setAlarm(0, devices.clock().realtimeNs() + SECOND, ENABLED), 8).status());
            // The change is what reads the clock first when the timer ends.
            devices.clock().failNextRead();
            devices.clock().advance(SECOND);
            assertEquals(0, alarmq.awaitNotification());
            assertTrue(!devices.status("failing").faults().getFirst().fault().isActive(), "it could not begin");

            devices.clock().advance(AGAIN_NS);
            devices.await("failing", status -> status.faults().getFirst().fault().isActive());
        }
    }
}
