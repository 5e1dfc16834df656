package io.clocktower.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.app.PackagedApplication;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a Linux guest has of a device, whatever the ring's format and whichever of QEMU's devices stands for it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GuestContract {

    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();
    private static final Duration PROGRAM = Duration.ofSeconds(60);
    private static final DateTimeFormatter CTIME = DateTimeFormatter.ofPattern("EEE MMM d HH:mm:ss yyyy",
            Locale.ENGLISH);
    private static final Pattern CLOCK_TIME = Pattern.compile("(?:clock|phc +) ?time: (\\d+)\\.(\\d{9})");
    private static final int SAMPLES = 5;

    private GuestVm vm;

    /** Boots a guest on a device of its own. */
    abstract GuestVm boot();

    abstract String device();

    abstract boolean isPacked();

    abstract PackagedApplication application();

    @BeforeAll
    void bootAGuest() {
        if (GuestStack.isThere()) {
            vm = boot();
        }
    }

    @BeforeEach
    void skipWithoutAGuest() {
        GuestStack.require();
    }

    @AfterEach
    void nothingWasRefused() {
        if (vm != null) {
            assertNothingWasRefused(status());
        }
    }

    @AfterAll
    void stop() {
        if (vm != null) {
            vm.close();
        }
    }

    @Test
    void alarmsAndTheFormatOfTheRingsAreNegotiated() {
        var features = status().path("features").valueStream().map(JsonNode::asText).toList();
        assertTrue(features.contains("RTC_F_ALARM"), features::toString);
        assertEquals(isPacked(), features.contains("RING_PACKED"), features::toString);
    }

    @ParameterizedTest
    @EnumSource
    void testptpReadsEveryClock(PtpClock clock) {
        long before = clock.hostNs();
        var output = run("testptp -d /dev/ptp%d -c -g -k %d -x %d".formatted(vm.number(clock), SAMPLES, SAMPLES));
        long after = clock.hostNs();
        assertTrue(output.contains("capabilities:\n"), output);
        assertTrue(output.contains("system and phc clock time offset request okay\n"), output);
        assertTrue(output.contains("extended timestamp request returned " + SAMPLES + " samples\n"), output);
        var readings = CLOCK_TIME.matcher(output).results()
                .mapToLong(time -> Long.parseLong(time.group(1)) * SECOND_NS + Long.parseLong(time.group(2))).toArray();
        assertEquals(1 + 2 * SAMPLES, readings.length, output);
        long last = before - clock.toleranceNs();
        for (long reading : readings) {
            assertTrue(reading >= last, output);
            last = reading;
        }
        assertTrue(last <= after + clock.toleranceNs(), output);
    }

    @Test
    void hwclockReadsTheTime() {
        long before = HostReading.realtimeNs();
        var output = run("hwclock -r -u -f /dev/" + vm.rtc());
        long after = HostReading.realtimeNs();
        var words = output.strip().split("\\s+");
        var time = LocalDateTime.parse(String.join(" ", words).replaceFirst(" \\S+ seconds$", ""), CTIME);
        long seconds = time.toEpochSecond(ZoneOffset.UTC);
        assertTrue(seconds >= before / SECOND_NS && seconds * SECOND_NS <= after + PtpClock.UTC.toleranceNs(), output);
    }

    /** rtctest chooses among its tests if it is told which, but takes only one argument: let that be a device as well. */
    @ParameterizedTest
    @EnumSource
    void rtctestPasses(QuickTest test) {
        var output = run("cd /tmp && ln -sf /dev/%s ./-t%s && rtctest -t%s".formatted(vm.rtc(), test, test));
        assertEquals(Map.of(test.name(), Rtctest.PASSED), Rtctest.outcomes(output), output);
    }

    /** The tests of rtctest that need no more than a few seconds and that the driver has something for. */
    enum QuickTest {
        date_read, alarm_alm_set, alarm_wkalm_set
    }

    @Test
    void wakeAlarmsComeAtTheirTime() {
        for (int seconds = 1; seconds <= 2; seconds++) {
            long time = assertOnTime(vm.ask("alarm " + seconds + " " + vm.number(PtpClock.UTC_SMEARED)));
            assertEquals(time + " 0", vm.ask("getalarm"), "an alarm that has come is disabled by the kernel");
        }
    }

    @Test
    void anAlarmOutlivesThatItsDriverIsUnboundAndBoundAgain() {
        var time = vm.ask("setalarm 8");
        unbind();
        bind();
        assertEquals(time + " 1", vm.ask("getalarm"));
        var came = vm.ask("awaitalarm " + vm.number(PtpClock.UTC_SMEARED));
        assertEquals(Long.parseLong(time), assertOnTime(came));
        assertServes();
    }

    @Test
    void anAlarmMayPassWhileNoDriverIsBound() {
        long time = Long.parseLong(vm.ask("setalarm 2"));
        unbind();
        application().await(path(), device -> device.at("/clocks/0/servedNs").asLong() > time * SECOND_NS);
        bind();
        assertServes();
    }

    @Test
    void anAlarmOutlivesAReboot() {
        var time = vm.ask("setalarm 3600");
        vm.reboot();
        awaitState("running");
        assertEquals(time + " 1", vm.ask("getalarm"));
        assertServes();
    }

    /** Its clocks are read, and an alarm is set and comes. */
    private void assertServes() {
        for (var clock : PtpClock.values()) {
            int number = vm.number(clock);
            var reading = HostReading.narrowest(clock::hostNs, () -> Long.parseLong(vm.ask("read " + number)));
            assertTrue(reading.errorNs() <= clock.toleranceNs(), () -> clock + ": " + reading);
        }
        assertOnTime(vm.ask("alarm 2 " + vm.number(PtpClock.UTC_SMEARED)));
    }

    /**
     * Never early: no reading after a notification is to be before the alarm.
     *
     * @return the alarm's time, in seconds
     */
    private static long assertOnTime(String came) {
        var fields = came.split(" ");
        long seconds = Long.parseLong(fields[0]);
        long lateNs = Long.parseLong(fields[1]) - seconds * SECOND_NS;
        assertTrue(lateNs >= 0 && lateNs < SECOND_NS, () -> "the alarm came " + lateNs + " ns late");
        return seconds;
    }

    private void unbind() {
        vm.ask("unbind");
        assertEquals("", vm.ask("module"));
        awaitState("connected");
    }

    private void bind() {
        vm.ask("bind");
        assertEquals("virtio0", vm.ask("module"), vm.ask("dmesg"));
        awaitState("running");
    }

    private String run(String command) {
        var output = vm.run(command, PROGRAM);
        assertEquals(0, output.status(), output.text());
        return output.text();
    }

    private void awaitState(String state) {
        application().await(path(), device -> device.path("state").asText().equals(state));
    }

    private JsonNode status() {
        return application().get(path());
    }

    private String path() {
        return "api/v1/devices/" + device();
    }

    /** The kernel's driver makes no mistake, and neither does QEMU: nothing they did was answered with an error. */
    static void assertNothingWasRefused(JsonNode device) {
        device.path("rings").forEach(ring -> {
            assertEquals(false, ring.path("broken").asBoolean(true), device::toString);
            assertTrue(ring.path("base").asLong(-1) >= 0, device::toString);
        });
        var counters = device.path("counters");
        assertEquals(0, counters.path("protocolErrors").asLong(-1), device::toString);
        assertEquals(0, counters.path("ringErrors").asLong(-1), device::toString);
        counters.path("requests").properties().forEach(request -> request.getValue().fieldNames()
                .forEachRemaining(status -> assertEquals("ok", status, request::toString)));
        assertTrue(counters.path("requests").path("read").path("ok").asLong() > 0, device::toString);
    }
}
