package io.clocktower.guest;

import static io.clocktower.guest.PtpClock.MONOTONIC;
import static io.clocktower.guest.PtpClock.TAI;
import static io.clocktower.guest.PtpClock.UTC;
import static io.clocktower.guest.PtpClock.UTC_SMEARED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.conformance.Proves;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The main job: a Linux guest reads its clocks from the packaged application, which has two devices. */
class GuestIT {

    /** A read that took longer than this says nothing about 5 ms. */
    private static final long LONGEST_READ_NS = Duration.ofMillis(50).toNanos();
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();

    @RegisterExtension
    private static final ServedGuests GUESTS = ServedGuests.on("vm0", "vm1");
    private static GuestVm vm;

    @BeforeAll
    static void bootAGuestOnADevice() {
        if (GUESTS.areThere()) {
            vm = boot("vm0");
        }
    }

    private static GuestVm boot(String device) {
        return GUESTS.boot(device, GuestVm.Device.RTC.at(GUESTS.socket(device)));
    }

    @Test
    void theDriverBindsToTheDevice() {
        assertEquals("virtio0", vm.ask("module"), vm.ask("dmesg"));
    }

    @Test
    void everyClockIsAPtpClockNamedForItsTypeAndVariant() {
        assertEquals(Map.of("ptp0", UTC_SMEARED.label(), "ptp1", TAI.label(), "ptp2", MONOTONIC.label(), "ptp3",
                UTC.label()), vm.entries("clocks"));
    }

    @Test
    void theSmearedClockIsAnRtc() {
        assertEquals(1, vm.entries("rtcs").values().stream().filter(name -> name.contains("virtio_rtc")).count());
        long before = HostReading.realtimeNs();
        var rtc = vm.ask("rtc").split(" ", 3);
        long after = HostReading.realtimeNs();
        long seconds = Long.parseLong(rtc[1]);
        assertTrue(rtc[2].startsWith("virtio_rtc"), rtc[2]);
        assertTrue(
                seconds >= (before - UTC_SMEARED.toleranceNs()) / SECOND_NS
                        && seconds <= (after + UTC_SMEARED.toleranceNs()) / SECOND_NS,
                () -> "the RTC reads " + seconds + " s between " + before + " and " + after + " ns");
    }

    @ParameterizedTest
    @EnumSource
    @Proves({"rtc-control-01", "rtc-control-02", "rtc-control-19"})
    void everyClockShowsWhatTheHostsDoes(PtpClock clock) {
        int number = vm.number(clock);
        var reading = HostReading.narrowest(clock::hostNs, () -> Long.parseLong(vm.ask("read " + number)));
        assertTrue(reading.durationNs() <= LONGEST_READ_NS, () -> "the read took long: " + reading);
        assertTrue(reading.errorNs() <= clock.toleranceNs(), () -> "off by " + reading.errorNs() + " ns: " + reading);
    }

    @Test
    @Proves("rtc-control-17")
    void taiIsAheadOfUtcByTheLeapSecondsSoFar() {
        var answer = vm.ask("difference " + vm.number(UTC) + " " + vm.number(TAI)).split(" ");
        long difference = Long.parseLong(answer[0]);
        long duration = Long.parseLong(answer[1]);
        assertTrue(duration <= LONGEST_READ_NS, () -> "reading three clocks took " + duration + " ns");
        assertEquals(HostReading.TAI_LESS_UTC_NS, difference, TAI.toleranceNs() + duration / 2.0);
    }

    @Test
    @Proves("rtc-read-04")
    void monotonicNeverGoesBack() {
        var answer = vm.ask("monotone " + vm.number(MONOTONIC) + " 3000").split(" ");
        assertEquals("0", answer[0], "readings less than the one before");
        assertTrue(Long.parseLong(answer[2]) > Long.parseLong(answer[1]), "the clock stands still");
    }

    @Test
    void theDeviceIsToBeSeenWhileTheGuestRunsAndWaitsForTheNextWhenItIsGone() {
        assertEquals("waiting", state(GUESTS.application().get(device("vm1"))));
        try (var guest = boot("vm1")) {
            guest.ask("read 0");
            var device = GUESTS.application().get(device("vm1"));
            assertEquals("running", state(device));
            assertTrue(device.at("/counters/reads").asLong() > 0, device::toString);
            guest.powerOff();
            GUESTS.application().await(device("vm1"), gone -> state(gone).equals("waiting"));
        }
        assertEquals("running", state(GUESTS.application().get(device("vm0"))), "the other guest's device");
        vm.ask("read 0");
    }

    private static String device(String name) {
        return "api/v1/devices/" + name;
    }

    private static String state(JsonNode device) {
        return device.path("state").asText();
    }
}
