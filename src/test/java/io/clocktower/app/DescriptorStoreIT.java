package io.clocktower.app;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Connections in the service manager's descriptor store, with a stand-in for systemd. The property {@code restarts} says how
 * often the service is killed or stopped under a guest that reads.
 */
class DescriptorStoreIT {

    private static final int RESTARTS = Integer.getInteger("restarts", 4);
    private static final byte[] REQUEST = ofClock(READ, 0);
    private static final long MINUTE_NS = TimeUnit.MINUTES.toNanos(1);
    private static final String DEVICE = "api/v1/devices/vm0";

    private static final Pattern ENABLED_ALARM = Pattern.compile("\"isEnabled\"\\s*:\\s*true");

    @RegisterExtension
    private final ManagedService managed = new ManagedService();

    private int post(String path, String body) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(managed.service().root().resolve(path))
                    .header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)).build(),
                    BodyHandlers.discarding()).statusCode();
        }
    }

    /** Reads all the time, on a thread of its own; MONOTONIC must not go back, and each request be answered once. */
    private static final class Reads implements AutoCloseable {

        private final Guest guest;
        private final Thread thread;
        private volatile boolean isStopped;
        private volatile long count;
        private volatile Throwable failure;

        Reads(Guest guest) {
            this.guest = guest;
            thread = Thread.ofPlatform().name("guest").start(this::run);
        }

        private void run() {
            try {
                long lastNs = 0;
                while (!isStopped) {
                    Guest.Response response = guest.request(ofClock(READ, 2), 16);
                    assertEquals(OK, response.status());
                    assertTrue(Long.compareUnsigned(response.le64(8), lastNs) >= 0, "MONOTONIC went back");
                    lastNs = response.le64(8);
                    count++;
                }
            } catch (Throwable e) {
                failure = e;
            }
        }

        /** Waits until so many more requests were answered. */
        void awaitMore(long more) throws Exception {
            long end = count + more;
            long endNs = System.nanoTime() + MINUTE_NS;
            while (count < end) {
                if (failure != null) {
                    throw new AssertionError("the guest failed", failure);
                }
                assertTrue(System.nanoTime() < endNs, "the guest is not answered");
                Thread.sleep(1);
            }
        }

        @Override
        public void close() {
            isStopped = true;
            while (thread.isAlive()) {
                Thread.onSpinWait();
            }
            if (failure != null) {
                throw new AssertionError("the guest failed", failure);
            }
        }
    }

    private void awaitAlarmOnDisk() throws Exception {
        Path file = managed.directory().resolve("state").resolve("vm0.json");
        long endNs = System.nanoTime() + MINUTE_NS;
        while (!ENABLED_ALARM.matcher(Files.readString(file)).find()) {
            assertTrue(System.nanoTime() < endNs, "the alarm is not kept");
            Thread.sleep(1);
        }
    }

    @Test
    void aGuestReadsOnWhileTheServiceIsKilledAndRestarted() throws Exception {
        Map<String, String> properties = managed.properties("vm0");
        managed.start(properties);
        try (var guest = new Guest(managed.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 16, 0);
                var alarmq = new Alarmq(guest)) {
            alarmq.makeAvailable();
            long now = guest.request(REQUEST, 16).le64(8);
            assertEquals(OK, guest.request(setAlarm(0, now + 60 * MINUTE_NS, 1), 8).status());
            assertEquals(201, post(DEVICE + "/faults", "{\"type\":\"step\",\"offset\":\"-5m\"}"));
            awaitAlarmOnDisk();
            managed.manager().awaitKept("connection-vm0", managed.service());
            try (var reads = new Reads(guest)) {
                for (int i = 0; i < RESTARTS; i++) {
                    reads.awaitMore(1_000);
                    managed.manager().awaitKept("connection-vm0", managed.service());
                    managed.restart(i % 2 == 0 ? "KILL" : "TERM", properties);
                    reads.awaitMore(1_000);
                    assertEquals(1, managed.service().get(DEVICE + "/faults").size());
                    managed.service().await(DEVICE, device -> device.path("state").asText().equals("running"));
                }
            }
            assertFalse(alarmq.hasNotification(), "the alarm is not due");
            assertEquals(200, post(DEVICE + "/alarms/0/expire", ""));
            assertEquals(0, alarmq.awaitNotification());
            assertEquals(2, guest.frontEnd().askU64(FrontEnd.GET_QUEUE_NUM), "the front-end is answered, too");
        }
        managed.service().await(DEVICE, device -> device.path("state").asText().equals("waiting"));
        managed.manager().awaitStored();
    }

    /** The front-end may wait for an answer that the killed process owed: it must see the connection end. */
    @Test
    void aConnectionThatChangedAfterItWasKeptIsClosed() throws Exception {
        Map<String, String> properties = managed.properties("vm0");
        managed.start(properties);
        try (var frontEnd = new FrontEnd(managed.socket("vm0"))) {
            frontEnd.askU64(FrontEnd.GET_FEATURES);
            managed.manager().awaitStored("connection-vm0");
            // The next message comes so soon after each record that the service is not killed in between.
            var asked = new CountDownLatch(1_000);
            Thread asking = Thread.ofPlatform().start(() -> askUntilClosed(frontEnd, asked));
            assertTrue(asked.await(1, TimeUnit.MINUTES));
            managed.restart("KILL", properties);
            assertTrue(asking.join(Duration.ofMinutes(1)), "the front-end is still answered");
            assertTrue(managed.service().log().contains("vm0: the connection that was kept cannot be gone on with"),
                    managed.service()::log);
        }
        managed.manager().awaitStored();
        try (var guest = new Guest(managed.socket("vm0"))) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
        }
    }

    private static void askUntilClosed(FrontEnd frontEnd, CountDownLatch asked) {
        try {
            while (true) {
                frontEnd.askU64(FrontEnd.GET_FEATURES);
                asked.countDown();
            }
        } catch (IOException e) {
            // The connection is closed.
        }
    }

    /** systemd does not know of the successor, which has the connection: the next start must not go on with it, too. */
    @Test
    void aHandOverTakesTheConnectionOutOfTheStore() throws Exception {
        Map<String, String> properties = managed.properties("vm0");
        managed.start(properties);
        try (var guest = new Guest(managed.socket("vm0"))) {
            managed.manager().awaitStored("connection-vm0");
            try (var next = PackagedApplication.handover(managed.service(), managed.directory().resolve("next.log"),
                    properties)) {
                assertEquals(0, managed.service().awaitEnd().status());
                next.awaitReady();
                managed.manager().awaitStored();
                assertEquals(OK, guest.request(REQUEST, 16).status());
                // The end of a service waits for it.
                guest.frontEnd().close();
            }
        }
    }

    /** A guest knows how many clocks there are, and which. */
    @Test
    void aFrontEndIsDisconnectedIfTheDeviceHasOtherClocksThen() throws Exception {
        Map<String, String> properties = managed.properties("vm0");
        managed.start(properties);
        try (var frontEnd = new FrontEnd(managed.socket("vm0"))) {
            frontEnd.askU64(FrontEnd.GET_FEATURES);
            managed.manager().awaitStored("connection-vm0");
            Map<String, String> changed = managed.properties("vm0");
            changed.put("clocktower.devices.vm0.clocks[0].type", "tai");
            managed.restart("TERM", changed);
            frontEnd.awaitClosed();
            managed.manager().awaitStored();
            assertTrue(managed.service().log().contains("vm0: its front-end is disconnected"), managed.service()::log);
            try (var guest = new Guest(managed.socket("vm0"))) {
                assertEquals(OK, guest.request(REQUEST, 16).status());
            }
        }
    }

    /** One that fails before it comes to the device, and one that fails after. */
    @Test
    void aConnectionOutlivesStartsThatFail() throws Exception {
        Map<String, String> properties = managed.properties("vm0");
        managed.start(properties);
        try (var guest = new Guest(managed.socket("vm0"))) {
            managed.manager().awaitStored("connection-vm0");
            managed.end("TERM");
            for (String failing : List.of("vm", "vm1")) {
                Map<String, String> wrong = managed.properties("vm0");
                wrong.put("clocktower.devices." + failing + ".socket", "/proc/no-such/" + failing + ".sock");
                managed.launch(wrong);
                assertEquals(1, managed.service().awaitEnd().status());
            }
            managed.start(properties);
            assertEquals(OK, guest.request(REQUEST, 16).status());
        }
    }

    @Test
    void whatTheStoreHasNoRoomForIsSaid() throws Exception {
        String[] devices = {"vm0", "vm1", "vm2", "vm3", "vm4"};
        managed.start(managed.properties(devices));
        List<FrontEnd> frontEnds = new ArrayList<>();
        try {
            for (String device : devices) {
                frontEnds.add(new FrontEnd(managed.socket(device)));
                frontEnds.getLast().askU64(FrontEnd.GET_FEATURES);
                managed.service().await("api/v1/devices/" + device,
                        now -> now.path("state").asText().equals("connected"));
            }
            managed.manager().awaitStored("connection-vm0", "connection-vm1", "connection-vm2", "connection-vm3");
            long endNs = System.nanoTime() + MINUTE_NS;
            while (!managed.service().log().contains("vm4: its connection is not kept: the service manager keeps 4")) {
                assertTrue(System.nanoTime() < endNs, managed.service()::log);
                Thread.sleep(10);
            }
            managed.service().await("api/v1/devices/vm4",
                    device -> device.path("reason").asText().startsWith("its connection is not kept: "));
        } finally {
            for (FrontEnd frontEnd : frontEnds) {
                frontEnd.close();
            }
        }
        managed.manager().awaitStored();
    }
}
