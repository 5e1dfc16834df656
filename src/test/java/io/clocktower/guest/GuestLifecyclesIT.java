package io.clocktower.guest;

import static io.clocktower.guest.PtpClock.UTC;
import static io.clocktower.guest.ServedGuests.assertServes;
import static io.clocktower.guest.ServedGuests.assertServesDuring;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What happens to a VM in its life, and its guest's clocks are right after it: paused, suspended, reset, killed, its device
 * plugged. {@code -Dguest.lifecycles=long} pauses for longer and repeats more.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuestLifecyclesIT {

    private static final boolean IS_LONG = "long".equals(System.getProperty("guest.lifecycles"));
    /** How long the VM stays as it is after its alarm was due. */
    private static final int PAUSE_S = IS_LONG ? 30 : 1;
    private static final int REPLACEMENTS = IS_LONG ? 10 : 2;
    private static final int KILLS = IS_LONG ? 20 : 2;
    private static final int PAUSES = 10;
    /** Longer than a boot takes on an idle processor, so that the alarm is still pending while the guest boots. */
    private static final int BOOT_S = 15;
    /** Longer than the guest takes to suspend. */
    private static final int SUSPEND_S = 10;
    /** And reads on after that: the agent's port does not outlive a suspend, so it gives no answer. */
    private static final String SUSPEND = "echo mem >/sys/power/state; while hwclock -r -f /dev/%s; do :; done";
    private static final int RESUMED_READS = 10;
    private static final Duration GUEST_LIFE = Duration.ofMinutes(5);
    private static final long SECOND_NS = Duration.ofSeconds(1).toNanos();

    @RegisterExtension
    private static final ServedGuests GUESTS = ServedGuests.on("vm0", "vm1");
    private static GuestVm vm;

    @BeforeAll
    static void bootAGuestWhoseDeviceCanBePlugged() {
        if (GUESTS.areThere()) {
            vm = GUESTS.boot("vm0", List.of("-device",
                    "pcie-root-port,id=rtc-port,bus=pcie.0,chassis=254", "-chardev", chardev("vm0"), "-device",
                    "vhost-user-rtc-pci,chardev=rtc,bus=rtc-port,id=clocktower"));
        }
    }

    @Test
    void anAlarmThatIsDueWhileTheVmIsStoppedComesWhenItGoesOn() {
        long delivered = alarm("vm0").path("delivered").asLong();
        long due = Long.parseLong(vm.ask("setalarm 5"));
        int number = vm.number(UTC);
        try (var monitor = GUESTS.monitor("vm0")) {
            monitor.run("stop");
            awaitServed("vm0", due + PAUSE_S);
            assertEquals(delivered, alarm("vm0").path("delivered").asLong(), "to a VM that is stopped");
            monitor.run("cont");
        }
        long before = HostReading.realtimeNs();
        long reading = Long.parseLong(vm.ask("read " + number));
        assertTrue(reading >= before && reading <= HostReading.realtimeNs(), "the first reading is " + reading);
        awaitDelivered(delivered + 1);
        assertServes(vm);
    }

    /** The driver sets the alarm once more when the guest resumes, and it is due already; that is no other alarm. */
    @Test
    void anAlarmThatIsDueWhileTheGuestIsSuspendedIsOneAlarmAndOneEvent() throws Exception {
        var before = alarm("vm1");
        // Alarms make events while somebody listens.
        try (var http = HttpClient.newHttpClient();
                var _ = http.send(events("text/event-stream"), BodyHandlers.ofInputStream()).body();
                var guest = GUESTS.boot("vm1", GuestVm.Device.RTC.at(GUESTS.socket("vm1")));
                var monitor = GUESTS.monitor("vm1")) {
            long due = Long.parseLong(guest.ask("setalarm " + SUSPEND_S));
            var suspend = SUSPEND.formatted(guest.rtc());
            var _ = CompletableFuture.supplyAsync(() -> guest.run(suspend, GUEST_LIFE));
            monitor.await("SUSPEND", _ -> true);
            long events = expiredEvents(http);
            long reads = reads();
            awaitServed("vm1", due + PAUSE_S);
            assertEquals(0, delivered("vm1", before), "to a suspended guest");
            monitor.run("system_wakeup");
            GUESTS.application().await(path("vm1"),
                    _ -> delivered("vm1", before) > 0 && reads() > reads + RESUMED_READS);
            assertEquals(1, delivered("vm1", before));
            assertEquals(1, alarm("vm1").path("expirations").asLong() - before.path("expirations").asLong());
            assertEquals(events + 1, expiredEvents(http));
        }
    }

    private static long reads() {
        return GUESTS.application().get(path("vm1")).at("/counters/reads").asLong();
    }

    /** How often the device's alarm was delivered after that. */
    private static long delivered(String device, JsonNode before) {
        return alarm(device).path("delivered").asLong() - before.path("delivered").asLong();
    }

    private static long expiredEvents(HttpClient http) throws IOException, InterruptedException {
        var answer = http.send(events("text/plain"), BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer::body);
        return answer.body().lines().filter(line -> line.contains("alarm-expired")).count();
    }

    private static HttpRequest events(String type) {
        return HttpRequest.newBuilder(GUESTS.application().root().resolve("/api/v1/events?device=vm1"))
                .header("Accept", type).header("Last-Event-ID", "0").build();
    }

    @Test
    void quickPausesUnderReadsDisturbNoReading() {
        try (var monitor = GUESTS.monitor("vm0")) {
            assertServesDuring(vm, () -> {
                for (int i = 0; i < PAUSES; i++) {
                    monitor.run("stop");
                    monitor.run("cont");
                }
            });
        }
        assertServes(vm);
    }

    @Test
    void anAlarmSurvivesAResetOfTheVm() {
        long delivered = alarm("vm0").path("delivered").asLong();
        long due = Long.parseLong(vm.ask("setalarm " + BOOT_S));
        try (var monitor = GUESTS.monitor("vm0")) {
            monitor.run("system_reset");
        }
        vm.awaitRestart();
        assertServes(vm);
        awaitServed("vm0", due);
        awaitDelivered(delivered + 1);
    }

    @Test
    void aSecondQemuIsRefusedAndTheFirstGoesOn() {
        assertServesDuring(vm, () -> assertThrows(IllegalStateException.class,
                () -> GUESTS.boot("second", GuestVm.Device.RTC.at(GUESTS.socket("vm0")))));
        String log = GUESTS.application().log();
        assertTrue(log.contains("vm0: refused a second front-end while the one of pid"), log);
        assertServes(vm);
    }

    @Test
    void theDeviceIsUnpluggedAndPluggedAgain() {
        try (var monitor = GUESTS.monitor("vm0")) {
            for (int i = 0; i < REPLACEMENTS; i++) {
                monitor.run("device_del", "{\"id\":\"clocktower\"}");
                monitor.await("DEVICE_DELETED", data -> data.path("device").asText().equals("clocktower"));
                monitor.run("chardev-remove", "{\"id\":\"rtc\"}");
                awaitState("vm0", "waiting");
                assertEquals("", vm.ask("clocks"), "the guest's clocks without the device");
                monitor.run("chardev-add", """
                        {"id":"rtc","backend":{"type":"socket","data":{"server":false,
                        "addr":{"type":"unix","data":{"path":"%s"}}}}}""".formatted(GUESTS.socket("vm0"))
                        .replace("\n", ""));
                monitor.run("device_add", """
                        {"driver":"vhost-user-rtc-pci","chardev":"rtc","bus":"rtc-port","id":"clocktower"}""");
                awaitState("vm0", "running");
                awaitClocks();
                assertServes(vm);
            }
        }
    }

    /** With packed rings and without, in turn. */
    @Test
    void qemuIsKilledAndStartedAgain() {
        for (int i = 0; i < KILLS; i++) {
            var packed = i % 2 == 0 ? "packed=on" : "packed=off";
            var killed = GUESTS.boot("vm1", GuestVm.Device.RTC.at(GUESTS.socket("vm1"), packed));
            awaitState("vm1", "running");
            assertServes(killed);
            killed.kill();
            awaitState("vm1", "waiting");
        }
        assertServes(vm);
    }

    @Test
    void aQueueTooFewLeavesTheDeviceWithoutRequestsAndItsStatusSaysSo() {
        try (var _ = GUESTS.boot("vm1", generic(1))) {
            GUESTS.application().await(path("vm1"),
                    device -> device.path("obstacle").asText().equals("requestq not started"));
        }
        awaitState("vm1", "waiting");
    }

    private static List<String> generic(int queues) {
        return List.of("-chardev", chardev("vm1"), "-device",
                "vhost-user-test-device-pci,virtio-id=17,num_vqs=" + queues + ",chardev=rtc");
    }

    private static String chardev(String device) {
        return "socket,id=rtc,path=" + GUESTS.socket(device);
    }

    /** The driver makes the clocks one after another. */
    private static void awaitClocks() {
        GUESTS.application().await(path("vm0"), _ -> vm.ask("clocks").contains(UTC.label())
                && vm.entries("clocks").size() == PtpClock.values().length);
    }

    private static void awaitServed(String name, long seconds) {
        GUESTS.application().await(path(name),
                device -> device.at("/clocks/0/servedNs").asLong() > seconds * SECOND_NS);
    }

    private static void awaitDelivered(long delivered) {
        GUESTS.application().await(path("vm0") + "/alarms/0", alarm -> alarm.path("delivered").asLong() == delivered);
    }

    private static void awaitState(String device, String state) {
        GUESTS.application().await(path(device), now -> now.path("state").asText().equals(state));
    }

    private static JsonNode alarm(String device) {
        return GUESTS.application().get(path(device) + "/alarms/0");
    }

    private static String path(String device) {
        return "api/v1/devices/" + device;
    }
}
