package io.clocktower.device;

import static io.clocktower.frontend.Requests.CFG;
import static io.clocktower.frontend.Requests.CLOCK_CAP;
import static io.clocktower.frontend.Requests.CROSS_CAP;
import static io.clocktower.frontend.Requests.ENODEV;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.head;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.ofCounter;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Smearing;
import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Guest.Response;
import io.clocktower.status.DeviceState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Devices with no clocks, many, several of a type, and alarms on all, some or none. VIRTIO 1.4, "Device Operation". */
class ClockSetsIT {

    private static final int MAX_CLOCKS = 64;

    private Devices devices;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices();
    }

    @AfterEach
    void stop() throws Exception {
        devices.close();
    }

    private static ClockSpec clock(ClockType type, boolean alarm) {
        return new ClockSpec(type, Smearing.UNSPECIFIED, alarm);
    }

    private static ClockSpec smeared(Smearing smearing, boolean alarm) {
        return new ClockSpec(ClockType.UTC_SMEARED, smearing, alarm);
    }

    static Stream<List<ClockSpec>> sets() {
        List<ClockSpec> many = new ArrayList<>();
        for (int i = 0; i < MAX_CLOCKS; i++) {
            many.add(clock(ClockType.values()[i % ClockType.values().length], i % 3 == 0));
        }
        return Stream.of(List.of(), List.of(clock(ClockType.MONOTONIC, true)), List.of(clock(ClockType.TAI, false)),
                List.of(smeared(Smearing.UTC_SLS, false), smeared(Smearing.NOON_LINEAR, true),
                        smeared(Smearing.UNSPECIFIED, false), smeared(Smearing.UTC_SLS, true)),
                Collections.nCopies(5, clock(ClockType.UTC, false)), ClockSpec.DEFAULTS.reversed(), many,
                many.stream().map(spec -> clock(spec.type(), false)).toList());
    }

    @ParameterizedTest
    @MethodSource("sets")
    @Proves({"rtc-feature-01", "rtc-operation-06", "rtc-operation-18", "rtc-control-21", "rtc-control-22",
            "rtc-read-01", "rtc-read-05", "rtc-alarm-06"})
    void aDeviceHasTheClocksThatItIsGivenAndNoOthers(List<ClockSpec> clocks) throws Exception {
        devices.create("vm0", clocks, Devices.POLL_WINDOW);
        boolean hasAlarm = clocks.stream().anyMatch(ClockSpec::alarm);
        try (var guest = new Guest(devices.socket("vm0"), Guest.FEATURES | (hasAlarm ? Alarmq.F_ALARM : 0), 64, 0)) {
            assertEquals(hasAlarm, (guest.frontEnd().askU64(FrontEnd.GET_FEATURES) & Alarmq.F_ALARM) != 0,
                    "VIRTIO_RTC_F_ALARM");
            assertEquals(clocks.size(), guest.request(head(CFG), 16).le16(8));
            for (int id = 0; id < clocks.size(); id++) {
                ClockSpec spec = clocks.get(id);
                Response cap = guest.request(ofClock(CLOCK_CAP, id), 16);
                assertEquals(OK, cap.status());
                assertEquals(spec.type().id(), cap.bytes()[8]);
                assertEquals(spec.smearing().id(), cap.bytes()[9]);
                assertEquals(spec.alarm() ? 1 : 0, cap.bytes()[10]);
                Response reading = guest.request(ofClock(READ, id), 16);
                assertEquals(OK, reading.status());
                assertEquals(expectedNs(spec.type()), reading.le64(8));
            }
            for (int id : new int[]{clocks.size(), clocks.size() + 1, 255, 256, 65535}) {
                assertEquals(ENODEV, guest.request(ofClock(CLOCK_CAP, id), 16).status());
                assertEquals(ENODEV, guest.request(ofClock(READ, id), 16).status());
            }
        }
    }

    private long expectedNs(ClockType type) {
        return switch (type) {
            case TAI -> devices.clock().taiNs();
            case MONOTONIC -> devices.clock().boottimeNs();
            case UTC, UTC_SMEARED, UTC_MAYBE_SMEARED -> devices.clock().realtimeNs();
        };
    }

    /**
     * "the device MUST emit the same response for all repetitions of any specific request of type VIRTIO_RTC_REQ_CFG,
     * VIRTIO_RTC_REQ_CLOCK_CAP, or VIRTIO_RTC_REQ_CROSS_CAP", and SHOULD "irrespective of any intermediate device resets".
     */
    @ParameterizedTest
    @MethodSource("sets")
    @Proves({"rtc-operation-16", "rtc-operation-17"})
    void capabilitiesStayTheSameWhenRepeatedAndOverAReset(List<ClockSpec> clocks) throws Exception {
        devices.create("vm0", clocks, Devices.POLL_WINDOW);
        List<byte[]> before;
        try (var guest = new Guest(devices.socket("vm0"))) {
            before = capabilities(guest);
            devices.clock().advance(1_000_000_000L);
            assertSame(before, capabilities(guest));
            guest.resetDevice();
            devices.clock().set(devices.clock().realtimeNs() - 3_600_000_000_000L);
            assertSame(before, capabilities(guest));
        }
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
        try (var guest = new Guest(devices.socket("vm0"))) {
            assertSame(before, capabilities(guest));
        }
    }

    private static List<byte[]> capabilities(Guest guest) {
        List<byte[]> responses = new ArrayList<>();
        responses.add(guest.request(head(CFG), 16).bytes());
        for (int id = 0; id <= MAX_CLOCKS; id++) {
            responses.add(guest.request(ofClock(CLOCK_CAP, id), 16).bytes());
            for (int counter : new int[]{0, 1, 2, 0xf0, 0xff}) {
                responses.add(guest.request(ofCounter(CROSS_CAP, id, counter), 16).bytes());
            }
        }
        return responses;
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i));
        }
    }

    /** "a value greater than or equal to the clock_reading response value for request A", whatever the wall clock does. */
    @Test
    @Proves("rtc-read-04")
    void monotonicGoesOnWhileTheWallClockIsSetBack() throws Exception {
        devices.create("vm0", List.of(clock(ClockType.MONOTONIC, false), clock(ClockType.UTC, false)),
                Devices.POLL_WINDOW);
        try (var guest = new Guest(devices.socket("vm0"))) {
            long last = guest.request(ofClock(READ, 0), 16).le64(8);
            for (int i = 0; i < 50; i++) {
                long utc = guest.request(ofClock(READ, 1), 16).le64(8);
                devices.clock().set(devices.clock().realtimeNs() - 3_600_000_000_000L);
                devices.clock().advance(i % 2);
                assertTrue(guest.request(ofClock(READ, 1), 16).le64(8) < utc);
                long now = guest.request(ofClock(READ, 0), 16).le64(8);
                assertEquals(last + i % 2, now);
                last = now;
            }
        }
    }
}
