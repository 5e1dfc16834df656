package io.clocktower.device;

import static io.clocktower.frontend.Requests.CROSS_CAP;
import static io.clocktower.frontend.Requests.ENODEV;
import static io.clocktower.frontend.Requests.EOPNOTSUPP;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ_CROSS;
import static io.clocktower.frontend.Requests.ofCounter;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.CounterMapping;
import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Guest.Response;
import io.clocktower.linux.CycleCounter;
import io.clocktower.rtc.GuestCounter;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** CROSS_CAP and READ_CROSS where the guest's counter is known. VIRTIO 1.4, "Control Requests", "Read Requests". */
class CrossTimestampsIT {

    private static final int OURS = CycleCounter.isTsc() ? GuestCounter.X86_TSC : GuestCounter.ARM_VCT;
    private static final int OTHER = CycleCounter.isTsc() ? GuestCounter.ARM_VCT : GuestCounter.X86_TSC;
    private static final CounterMapping MAPPING = new CounterMapping(-1_000_000_000L, 3L << 46, 48);

    private Devices devices;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices("vm0");
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
    }

    private void give(Optional<CounterMapping> mapping) throws Exception {
        devices.host().changes().giveCounter("vm0", DeviceVersion.ANY, mapping);
    }

    @Test
    @Proves({"rtc-read-08", "rtc-read-11", "rtc-read-12"})
    void theCounterIsWhatTheGuestWouldHaveRead() throws Exception {
        give(Optional.of(MAPPING));
        try (var guest = new Guest(devices.socket("vm0"))) {
            long last = 0;
            for (int clock = 0; clock < 4; clock++) {
                long before = MAPPING.guestCycles(CycleCounter.read());
                Response response = guest.request(ofCounter(READ_CROSS, clock, OURS), 24);
                long after = MAPPING.guestCycles(CycleCounter.read());
                assertEquals(OK, response.status());
                assertEquals(24, response.usedLength());
                assertTrue(before <= response.le64(16) && response.le64(16) <= after, "the counter at the reading");
                assertTrue(last <= response.le64(16));
                last = response.le64(16);
            }
            Response tai = guest.request(ofCounter(READ_CROSS, 1, OURS), 24);
            assertEquals(devices.clock().taiNs(), tai.le64(8));
        }
    }

    /** "the VIRTIO_RTC_FLAG_CROSS_CAP flag ... if and only if the device would set status VIRTIO_RTC_S_OK". */
    @Test
    @Proves({"rtc-control-23", "rtc-operation-05"})
    void crossCapIsSetForTheCounterThatIsKnownAndNoOther() throws Exception {
        give(Optional.of(MAPPING));
        try (var guest = new Guest(devices.socket("vm0"))) {
            assertEquals(1, guest.request(ofCounter(CROSS_CAP, 0, OURS), 16).le64(8));
            assertEquals(0, guest.request(ofCounter(CROSS_CAP, 0, OTHER), 16).le64(8));
            assertEquals(EOPNOTSUPP, guest.request(ofCounter(READ_CROSS, 0, OTHER), 24).status());
            assertEquals(EOPNOTSUPP, guest.request(ofCounter(READ_CROSS, 0, 2), 24).status());
            assertEquals(ENODEV, guest.request(ofCounter(READ_CROSS, 4, OURS), 24).status());
        }
    }

    /** "the device MUST emit the same response for all repetitions of any specific request of type ... CROSS_CAP". */
    @Test
    @Proves("rtc-operation-16")
    void crossCapStaysAsItIsWhileTheDeviceIsLive() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"))) {
            give(Optional.of(MAPPING));
            assertEquals(0, guest.request(ofCounter(CROSS_CAP, 0, OURS), 16).le64(8));
        }
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
        try (var guest = new Guest(devices.socket("vm0"))) {
            assertEquals(1, guest.request(ofCounter(CROSS_CAP, 0, OURS), 16).le64(8));
            give(Optional.empty());
            assertEquals(1, guest.request(ofCounter(CROSS_CAP, 0, OURS), 16).le64(8));
            assertEquals(OK, guest.request(ofCounter(READ_CROSS, 0, OURS), 24).status());
        }
    }

    @Test
    @Proves({"rtc-read-10", "rtc-operation-03"})
    void theStatusSaysWhetherTheCounterIsKnownAndWhyNot() throws Exception {
        assertEquals("the guest's driver has not started yet", devices.status("vm0").counterReason());
        try (var guest = new Guest(devices.socket("vm0"))) {
            DeviceStatus status = devices.status("vm0");
            assertEquals(Optional.empty(), status.counter());
            assertTrue(status.counterReason().contains("KVM") || status.counterReason().contains("kvm"),
                    status.counterReason());
            assertEquals(EOPNOTSUPP, guest.request(ofCounter(READ_CROSS, 0, OURS), 24).status());
            give(Optional.of(MAPPING));
            assertEquals("given by the operator, for the guest's driver that starts next",
                    devices.status("vm0").counterReason());
            assertEquals(EOPNOTSUPP, guest.request(ofCounter(READ_CROSS, 0, OURS), 24).status());
        }
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
        try (var guest = new Guest(devices.socket("vm0"))) {
            DeviceStatus status = devices.status("vm0");
            assertEquals(Optional.of(MAPPING), status.counter());
            assertEquals("given by the operator", status.counterReason());
            assertEquals(OK, guest.request(ofCounter(READ_CROSS, 0, OURS), 24).status());
        }
    }
}
