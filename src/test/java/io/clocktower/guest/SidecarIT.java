package io.clocktower.guest;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.app.ControlGroup;
import io.clocktower.frontend.Guest;
import io.clocktower.kubevirt.SidecarPod;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sidecar of KubeVirt's serves its VM with the memory and the processor time that it has: of the native executable 64 MiB and
 * a fifth of a processor, which a pod with dedicated CPUs gives it, and of the jars 256 MiB and a half. Where there are no
 * control groups of version 1 it runs without limits.
 *
 * <p>With {@code -Dsidecar.minutes=10} the guest runs that long, and the figures are printed.
 */
class SidecarIT {

    private static final boolean IS_NATIVE = !System.getProperty("clocktower.executable", "").isEmpty();
    private static final long MEBIBYTE = 1 << 20;
    private static final long LIMIT_BYTES = (IS_NATIVE ? 64 : 256) * MEBIBYTE;
    /** Of a period of 100 ms. */
    private static final int QUOTA_US = IS_NATIVE ? 20_000 : 50_000;
    private static final long MOST_BYTES = IS_NATIVE ? 40 * MEBIBYTE : LIMIT_BYTES;
    private static final int SCRAPES = IS_NATIVE ? 1_000 : 100;
    private static final int FAULTS = IS_NATIVE ? 200 : 20;
    private static final int RECONNECTS = IS_NATIVE ? 50 : 10;
    private static final Duration RUN = Duration.ofMinutes(Long.getLong("sidecar.minutes", 0));
    private static final String VM0 = "api/v1/devices/vm0";

    @TempDir
    private static Path directory;
    private static ControlGroup group;
    private static SidecarPod pod;

    @BeforeAll
    static void start() throws Exception {
        SidecarPod.require();
        List<String> launcher = List.of();
        if (ControlGroup.isAvailable()) {
            group = new ControlGroup().set("memory.limit_in_bytes", Long.toString(LIMIT_BYTES))
                    .set("cpu.cfs_quota_us", Integer.toString(QUOTA_US));
            launcher = group.launcher();
        }
        pod = SidecarPod.start(launcher, directory);
        print("ready after %d ms".formatted(pod.ready().toMillis()));
    }

    @AfterEach
    void nothingWasKilledForMemory() throws Exception {
        if (group != null) {
            assertEquals(0, group.killed());
            long bytes = group.number("memory.max_usage_in_bytes");
            print("at most %.1f MiB charged".formatted((double) bytes / MEBIBYTE));
            assertTrue(bytes <= MOST_BYTES, bytes + " bytes charged at most");
        }
    }

    @AfterAll
    static void itEndsWithItsVm() throws Exception {
        if (pod == null) {
            return;
        }
        try (SidecarPod ended = pod) {
            assertEquals(0, ended.shutDown().status(), ended.application()::log);
        } finally {
            if (group != null) {
                group.close();
            }
        }
    }

    private static void print(String figure) {
        if (!RUN.isZero()) {
            System.out.println(figure);
        }
    }

    @Test
    void theHookChangesTheDomainAndTheHealthCheckPasses() throws Exception {
        assertTrue(pod.defineDomain().contains("vhost-user-rtc-pci"));
        assertEquals(0, pod.healthCheck());
    }

    @Test
    void scrapesFaultsAndReconnectsAreServed() throws Exception {
        for (int i = 0; i < RECONNECTS; i++) {
            try (Guest guest = new Guest(pod.socket())) {
                for (int scrape = 0; scrape < SCRAPES / RECONNECTS; scrape++) {
                    assertEquals(200, pod.application().send("q/metrics").statusCode());
                    assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
                }
                for (int fault = 0; fault < FAULTS / RECONNECTS; fault++) {
                    assertEquals(201, pod.application()
                            .send("POST", VM0 + "/faults", "{\"type\":\"freeze\",\"duration\":\"PT1H\"}").statusCode());
                    assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());
                    assertEquals(2, pod.application().send("DELETE", VM0 + "/faults", null).statusCode() / 100);
                }
            }
            pod.application().await(VM0, device -> device.path("state").asText().equals("waiting"));
        }
    }

    @Test
    void aLinuxGuestBootsAndReadsItsClocks() throws Exception {
        try (var vm = GuestVm.boot(GuestStack.require(), directory, "vm0", GuestVm.Device.RTC.at(pod.socket()))) {
            long endNs = System.nanoTime() + RUN.toNanos();
            do {
                for (PtpClock clock : PtpClock.values()) {
                    int number = vm.number(clock);
                    var reading = HostReading.narrowest(clock::hostNs, () -> Long.parseLong(vm.ask("read " + number)));
                    assertTrue(reading.errorNs() <= clock.toleranceNs(), () -> clock + ": " + reading);
                }
                assertEquals(200, pod.application().send("q/metrics").statusCode());
            } while (System.nanoTime() < endNs);
            GuestContract.assertNothingWasRefused(pod.application().get(VM0));
            vm.powerOff();
        }
        pod.application().await(VM0, device -> device.path("state").asText().equals("waiting"));
    }
}
