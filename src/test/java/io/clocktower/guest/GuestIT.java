package io.clocktower.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.app.PackagedApplication;
import io.clocktower.conformance.Proves;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job: a Linux guest reads its clocks from the packaged application, which has two devices. */
class GuestIT {

    private static final String UTC_SMEARED = "Virtio PTP type 3/variant 1";
    private static final String TAI = "Virtio PTP type 1/variant 0";
    private static final String MONOTONIC = "Virtio PTP type 2/variant 0";
    private static final String UTC = "Virtio PTP type 0/variant 0";

    /** Since 2017, and until a leap second is announced. */
    private static final long TAI_LESS_UTC_NS = Duration.ofSeconds(37).toNanos();
    private static final long TOLERANCE_NS = Duration.ofMillis(5).toNanos();
    /** A read that took longer than this says nothing about 5 ms. */
    private static final long LONGEST_READ_NS = Duration.ofMillis(50).toNanos();
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();

    @TempDir
    private static Path directory;
    private static GuestStack stack;
    private static PackagedApplication application;
    private static GuestVm vm;

    @BeforeAll
    static void bootAGuestOnADevice() {
        if (!GuestStack.isThere()) {
            return;
        }
        stack = GuestStack.require();
        application = PackagedApplication.start(directory,
                Map.of("clocktower.socket-dir", directory.toString(),
                        "clocktower.devices.vm0.socket", socket("vm0").toString(),
                        "clocktower.devices.vm1.socket", socket("vm1").toString()));
        vm = GuestVm.boot(stack, directory, "vm0", GuestVm.vhostUserRtc(socket("vm0")));
    }

    @BeforeEach
    void skipWithoutAGuest() {
        GuestStack.require();
    }

    @AfterAll
    static void stop() {
        if (vm != null) {
            vm.close();
        }
        if (application != null) {
            application.close();
        }
    }

    @Test
    void theDriverBindsToTheDevice() {
        assertEquals("virtio0", vm.ask("module"), vm.ask("dmesg"));
    }

    @Test
    void everyClockIsAPtpClockNamedForItsTypeAndVariant() {
        assertEquals(Map.of("ptp0", UTC_SMEARED, "ptp1", TAI, "ptp2", MONOTONIC, "ptp3", UTC), entries("clocks"));
    }

    @Test
    void theSmearedClockIsAnRtc() {
        assertEquals(1, entries("rtcs").values().stream().filter(name -> name.contains("virtio_rtc")).count());
        long before = HostReading.realtimeNs();
        var rtc = vm.ask("rtc").split(" ", 3);
        long after = HostReading.realtimeNs();
        long seconds = Long.parseLong(rtc[1]);
        assertTrue(rtc[2].startsWith("virtio_rtc"), rtc[2]);
        assertTrue(seconds >= (before - TOLERANCE_NS) / SECOND_NS && seconds <= (after + TOLERANCE_NS) / SECOND_NS,
                () -> "the RTC reads " + seconds + " s between " + before + " and " + after + " ns");
    }

    @Test
    @Proves("rtc-control-02")
    void utcSmearedIsTheHostsWallClock() {
        assertServed(UTC_SMEARED, HostReading::realtimeNs, TOLERANCE_NS);
    }

    @Test
    @Proves("rtc-control-01")
    void utcIsTheHostsWallClock() {
        assertServed(UTC, HostReading::realtimeNs, TOLERANCE_NS);
    }

    @Test
    void taiIsAheadOfTheHostsWallClockByTheLeapSecondsSoFar() {
        assertServed(TAI, () -> HostReading.realtimeNs() + TAI_LESS_UTC_NS, TOLERANCE_NS);
    }

    @Test
    @Proves("rtc-control-19")
    void monotonicIsTheHostsTimeSinceBoot() {
        assertServed(MONOTONIC, HostReading::boottimeNs, TOLERANCE_NS + HostReading.uptimeErrorNs());
    }

    @Test
    @Proves("rtc-control-17")
    void taiIsAheadOfUtcByTheLeapSecondsSoFar() {
        var answer = vm.ask("difference " + number(UTC) + " " + number(TAI)).split(" ");
        long difference = Long.parseLong(answer[0]);
        long duration = Long.parseLong(answer[1]);
        assertTrue(duration <= LONGEST_READ_NS, () -> "reading three clocks took " + duration + " ns");
        assertEquals(TAI_LESS_UTC_NS, difference, TOLERANCE_NS + duration / 2.0);
    }

    @Test
    @Proves("rtc-read-04")
    void monotonicNeverGoesBack() {
        var answer = vm.ask("monotone " + number(MONOTONIC) + " 3000").split(" ");
        assertEquals("0", answer[0], "readings less than the one before");
        assertTrue(Long.parseLong(answer[2]) > Long.parseLong(answer[1]), "the clock stands still");
    }

    @Test
    void theDeviceIsToBeSeenWhileTheGuestRunsAndWaitsForTheNextWhenItIsGone() {
        assertEquals("waiting", state(application.get(device("vm1"))));
        try (var guest = GuestVm.boot(stack, directory, "vm1", GuestVm.vhostUserRtc(socket("vm1")))) {
            guest.ask("read 0");
            var device = application.get(device("vm1"));
            assertEquals("running", state(device));
            assertTrue(device.at("/counters/reads").asLong() > 0, device::toString);
            guest.powerOff();
            application.await(device("vm1"), gone -> state(gone).equals("waiting"));
        }
        assertEquals("running", state(application.get(device("vm0"))), "the other guest's device");
        vm.ask("read 0");
    }

    private static void assertServed(String clock, LongSupplier host, long toleranceNs) {
        int number = number(clock);
        var reading = HostReading.narrowest(host, () -> Long.parseLong(vm.ask("read " + number)));
        assertTrue(reading.durationNs() <= LONGEST_READ_NS, () -> "the read took long: " + reading);
        assertTrue(reading.errorNs() <= toleranceNs, () -> "off by " + reading.errorNs() + " ns: " + reading);
    }

    /** The number of the guest's PTP clock of that name. */
    private static int number(String clock) {
        return entries("clocks").entrySet().stream().filter(entry -> entry.getValue().equals(clock))
                .map(entry -> Integer.valueOf(entry.getKey().substring("ptp".length()))).findFirst().orElseThrow();
    }

    /** The answer to a request for a list of NAME=VALUE. */
    private static Map<String, String> entries(String request) {
        return Arrays.stream(vm.ask(request).split("\t")).map(entry -> entry.split("=", 2))
                .collect(Collectors.toMap(entry -> entry[0], entry -> entry[1]));
    }

    private static Path socket(String device) {
        return directory.resolve(device + ".sock");
    }

    private static String device(String name) {
        return "api/v1/devices/" + name;
    }

    private static String state(JsonNode device) {
        return device.path("state").asText();
    }
}
