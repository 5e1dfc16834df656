package io.clocktower.guest;

import static io.clocktower.guest.PtpClock.MONOTONIC;
import static io.clocktower.guest.PtpClock.TAI;
import static io.clocktower.guest.PtpClock.UTC;
import static io.clocktower.guest.PtpClock.UTC_SMEARED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an operator does to a Linux guest's time, and another guest does not notice. */
class GuestFaultsIT {

    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    private static final long FIVE_MINUTES_NS = Duration.ofMinutes(5).toNanos();
    private static final List<PtpClock> WALL_CLOCKS = List.of(UTC_SMEARED, TAI, UTC);

    @RegisterExtension
    private static final ServedGuests GUESTS = ServedGuests.on("vm0", "vm1");
    private static GuestVm vm;
    private static GuestVm other;

    @BeforeAll
    static void bootTwoGuests() {
        if (GUESTS.areThere()) {
            vm = boot("vm0");
            other = boot("vm1");
        }
    }

    private static GuestVm boot(String device) {
        return GUESTS.boot(device, GuestVm.Device.RTC.at(GUESTS.socket(device)));
    }

    @AfterEach
    void restoreTrueTime() throws Exception {
        if (GUESTS.areThere()) {
            assertEquals(204, GUESTS.application().send("DELETE", "api/v1/devices/vm0/faults", null).statusCode());
            assertOffsets(vm, 0);
        }
    }

    private static JsonNode putOffset(String json) throws Exception {
        var answer = GUESTS.application().send("PUT", "api/v1/devices/vm0/offset", json);
        assertEquals(200, answer.statusCode(), answer::body);
        return GUESTS.application().get("api/v1/devices/vm0");
    }

    /** How far each clock of a guest is from the host's; that of a monotonic one is to be nothing. */
    private static void assertOffsets(GuestVm guest, long offsetNs) {
        for (PtpClock clock : PtpClock.values()) {
            assertOffset(guest, clock, clock == MONOTONIC ? 0 : offsetNs);
        }
    }

    private static void assertOffset(GuestVm guest, PtpClock clock, long offsetNs) {
        int number = guest.number(clock);
        var reading = HostReading.narrowest(() -> clock.hostNs() + offsetNs,
                () -> Long.parseLong(guest.ask("read " + number)));
        assertTrue(reading.errorNs() <= clock.toleranceNs(),
                () -> "%s is off by %d ns from %d ns: %s".formatted(clock, reading.errorNs(), offsetNs, reading));
    }

    private static long rtcSeconds(GuestVm guest) {
        return Long.parseLong(guest.ask("rtc").split(" ")[1]);
    }

    @Test
    void theNextReadingIsFiveMinutesBackAndTheMonotonicClockIsNot() throws Exception {
        assertOffsets(vm, 0);
        long monotonic = Long.parseLong(vm.ask("read " + vm.number(MONOTONIC)));
        putOffset("{\"offset\":\"-PT5M\"}");
        long utc = Long.parseLong(vm.ask("read " + vm.number(UTC)));
        assertTrue(utc <= HostReading.realtimeNs() - FIVE_MINUTES_NS, "the first reading after the answer");
        long before = (HostReading.realtimeNs() - FIVE_MINUTES_NS) / SECOND_NS;
        long rtc = rtcSeconds(vm);
        long after = (HostReading.realtimeNs() - FIVE_MINUTES_NS + UTC.toleranceNs()) / SECOND_NS;
        assertTrue(rtc >= before && rtc <= after, () -> "/dev/rtc shows %d, expected %d to %d".formatted(rtc, before,
                after));
        assertOffsets(vm, -FIVE_MINUTES_NS);
        assertTrue(Long.parseLong(vm.ask("read " + vm.number(MONOTONIC))) > monotonic);
        assertEquals("0", vm.ask("monotone " + vm.number(MONOTONIC) + " 200").split(" ")[0]);
        assertOffsets(other, 0);

        JsonNode device = GUESTS.application().get("api/v1/devices/vm0");
        device.path("clocks").forEach(clock -> {
            boolean isMonotonic = clock.path("type").asText().equals("monotonic");
            assertEquals(isMonotonic ? 0 : -FIVE_MINUTES_NS, clock.path("offsetNs").asLong(), clock::toString);
            assertEquals(isMonotonic, clock.path("readsSinceFault").isMissingNode(), clock::toString);
            assertTrue(isMonotonic || clock.path("readsSinceFault").asLong() > 0, clock::toString);
        });
    }

    @Test
    void theDurationEndsAndTrueTimeIsBack() throws Exception {
        putOffset("{\"offset\":\"-PT5M\",\"duration\":\"PT4S\"}");
        assertOffset(vm, UTC, -FIVE_MINUTES_NS);
        int number = vm.number(UTC);
        long endNs = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (Long.parseLong(vm.ask("read " + number)) < HostReading.realtimeNs() - FIVE_MINUTES_NS / 2) {
            assertTrue(System.nanoTime() < endNs, "the offset stays");
        }
        assertOffsets(vm, 0);
        GUESTS.application().await("api/v1/devices/vm0", device -> device.path("faults").isEmpty());
    }

    @Test
    void anAlarmThatAJumpPassedComesOnce() throws Exception {
        long delivered = delivered();
        int number = vm.number(UTC_SMEARED);
        long alarm = Long.parseLong(vm.ask("setalarm 3600"));
        putOffset("{\"offset\":\"PT2H\"}");
        GUESTS.application().await("api/v1/devices/vm0/alarms/0",
                now -> now.path("delivered").asLong() == delivered + 1);
        long reading = Long.parseLong(vm.ask("read " + number));
        assertTrue(reading >= alarm * SECOND_NS, "the jump passed it");
        // The kernel heard of it: it disables an alarm that has come.
        assertEquals(alarm + " 0", vm.ask("getalarm"));
        assertEquals(204, GUESTS.application().send("DELETE", "api/v1/devices/vm0/faults", null).statusCode());
        putOffset("{\"offset\":\"PT2H\"}");
        vm.ask("read " + number);
        assertEquals(delivered + 1, delivered(), "the guest has not set another one");
    }

    @Test
    void aWakeAlarmFollowsTheServedClock() throws Exception {
        putOffset("{\"offset\":\"-PT5M\"}");
        var came = vm.ask("alarm 2 " + vm.number(UTC_SMEARED)).split(" ");
        long lateNs = Long.parseLong(came[1]) - Long.parseLong(came[0]) * SECOND_NS;
        assertTrue(lateNs >= 0 && lateNs < SECOND_NS, () -> "the alarm came " + lateNs + " ns late");
    }

    private static long delivered() {
        return GUESTS.application().get("api/v1/devices/vm0/alarms/0").path("delivered").asLong();
    }

    @Test
    void aFrozenClockStandsStillInTheGuest() throws Exception {
        var answer = GUESTS.application().send("POST", "api/v1/devices/vm0/faults", "{\"type\":\"freeze\"}");
        assertEquals(201, answer.statusCode(), answer::body);
        int number = vm.number(TAI);
        assertEquals(vm.ask("read " + number), vm.ask("read " + number));
        assertOffsets(other, 0);
    }

    /** Nothing that was injected made the kernel's driver see an error. */
    @Test
    void nothingIsRefusedMeanwhile() {
        vm.ask("read 0");
        GuestContract.assertNothingWasRefused(GUESTS.application().get("api/v1/devices/vm0"));
    }
}
