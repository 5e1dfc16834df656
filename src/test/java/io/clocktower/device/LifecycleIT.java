package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.EVENT_IDX;
import static io.clocktower.frontend.FrontEnd.GET_FEATURES;
import static io.clocktower.frontend.FrontEnd.GET_STATUS;
import static io.clocktower.frontend.FrontEnd.INDIRECT_DESC;
import static io.clocktower.frontend.FrontEnd.PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.RESET_DEVICE;
import static io.clocktower.frontend.FrontEnd.RING_PACKED;
import static io.clocktower.frontend.FrontEnd.SET_STATUS;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ENABLE;
import static io.clocktower.frontend.FrontEnd.SET_VRING_KICK;
import static io.clocktower.frontend.FrontEnd.VERSION_1;
import static io.clocktower.frontend.FrontEnd.state;
import static io.clocktower.frontend.FrontEnd.u64;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.PartedGuest;
import io.clocktower.linux.Descriptor;
import io.clocktower.status.DeviceState;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Features, start and reset. VIRTIO 1.4, "Feature Bits", "Device Status Field", "Device Reset". */
class LifecycleIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final long OPTIONAL = INDIRECT_DESC | EVENT_IDX | RING_PACKED | Alarmq.F_ALARM;

    private Devices devices;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices("vm0");
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
    }

    /** Two turns of the loop: in the first it may take up a question before a kick. */
    private void settle() throws Exception {
        devices.status("vm0");
        devices.status("vm0");
    }

    @Test
    @Proves({"feature-01", "feature-04", "reserved-01", "reserved-10"})
    void theFeaturesOfferedAreThoseThatAreServed() throws Exception {
        try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
            assertEquals(VERSION_1 | OPTIONAL | PROTOCOL_FEATURES | FrontEnd.LOG_ALL, frontEnd.askU64(GET_FEATURES));
        }
    }

    static Stream<Long> subsets() {
        List<Long> subsets = new ArrayList<>();
        for (long subset = OPTIONAL; subset != 0; subset = subset - 1 & OPTIONAL) {
            subsets.add(VERSION_1 | subset);
        }
        subsets.add(VERSION_1);
        return subsets.stream();
    }

    /** "The device SHOULD accept any valid subset of features the driver accepts", and after a reset again. */
    @ParameterizedTest
    @MethodSource("subsets")
    @Proves({"feature-01", "feature-02", "feature-04", "feature-05", "rtc-read-01"})
    void everySubsetOfTheFeaturesIsAcceptedAndAfterAResetAgain(long features) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), features, 64, 0)) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            for (int i = 0; i < 3; i++) {
                guest.resetDevice();
                assertEquals(OK, guest.request(REQUEST, 16).status());
            }
        }
    }

    /** "The device MUST NOT consume buffers or send any used buffer notifications to the driver before DRIVER_OK." */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Proves("status-01")
    void nothingIsUsedOrNotifiedBeforeTheRingIsStartedAndEnabled(boolean isKickedFirst) throws Exception {
        try (var guest = new PartedGuest(new FrontEnd(devices.socket("vm0")))) {
            guest.setAddresses();
            guest.publish(REQUEST, 16);
            guest.frontEnd().must(SET_VRING_KICK, u64(0), guest.kickFile());
            if (isKickedFirst) {
                guest.kick();
            } else {
                guest.frontEnd().must(SET_VRING_ENABLE, state(0, 1));
            }
            settle();
            assertFalse(guest.requestq().hasUsed());
            assertFalse(Libc.awaitReadable(guest.call(), 0));
            if (isKickedFirst) {
                guest.frontEnd().must(SET_VRING_ENABLE, state(0, 1));
            } else {
                guest.kick();
            }
            guest.awaitUsed();
        }
    }

    /**
     * "A device MUST NOT send notifications or interact with the queues after indicating completion of the reset by
     * reinitializing device status to 0, until the driver re-initializes the device."
     */
    @ParameterizedTest
    @ValueSource(ints = {SET_STATUS, RESET_DEVICE})
    @Proves({"reset-01", "reset-02"})
    void afterAResetTheStatusIsZeroAndTheQueuesAreLeftAlone(int request) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"))) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            settle();
            drain(guest.call());
            byte[] rings = rings(guest);
            guest.frontEnd().must(request, request == SET_STATUS ? u64(0) : new byte[0]);
            assertEquals(0, guest.frontEnd().askU64(GET_STATUS));
            assertEquals(DeviceState.CONNECTED, devices.status("vm0").state());
            assertArrayEquals(rings, rings(guest));

            guest.offer(REQUEST, new byte[16]);
            rings = rings(guest);
            guest.kick();
            devices.clock().advance(1);
            settle();
            assertArrayEquals(rings, rings(guest));
            assertFalse(Libc.awaitReadable(guest.call(), 0));
        }
    }

    private static void drain(Descriptor call) {
        while (Libc.awaitReadable(call, 0)) {
            Libc.readCount(call);
        }
    }

    private static byte[] rings(Guest guest) {
        return guest.memory().read(guest.memory().guestAddress(), 1 << 16);
    }

    /** "The device MUST handle spurious notifications from the driver." */
    @ParameterizedTest
    @ValueSource(longs = {VERSION_1, Guest.FEATURES, VERSION_1 | RING_PACKED, Guest.FEATURES | RING_PACKED})
    @Proves("split-available-notification-05")
    void kicksForNothingAreForNothing(long features) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), features, 64, 0)) {
            for (int i = 0; i < 20; i++) {
                guest.kick();
                settle();
                assertFalse(guest.ring().hasUsed());
                assertFalse(Libc.awaitReadable(guest.call(), 0));
                assertEquals(OK, guest.request(REQUEST, 16).status());
                settle();
                drain(guest.call());
                assertEquals(0, devices.status("vm0").ringErrors());
            }
        }
    }
}
