package io.clocktower.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.app.PackagedApplication;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What applications in a guest see, CLOCK_REALTIME, follows what is injected, in a Debian guest that is set up by a file
 * of {@code deployment/guest}. It writes how long that took to {@code target/guest-follows.txt}: once in CI, and
 * {@code -Dguest.rounds=10} makes the table of docs/guests.md.
 */
class GuestFollowsIT {

    private static final int ROUNDS = Integer.getInteger("guest.rounds", 1);
    /** The long form looks at each kind of fault, too. */
    private static final boolean IS_LONG = ROUNDS > 1;
    private static final Path RESULTS = Path.of(System.getProperty("basedir", "")).toAbsolutePath()
            .resolve("target/guest-follows.txt");
    private static final Duration LOCKED = Duration.ofMillis(1);
    private static final Duration FOLLOWED = Duration.ofMillis(10);
    private static final Duration LINK = Duration.ofSeconds(60);
    private static final long DEVICE_PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    private static Path directory;
    private static PackagedApplication application;
    private static GuestVm vm;

    /** What keeps the guest's clock. */
    enum Client {
        CHRONY("user-data-follow-chrony.yaml", "chrony"), PHC2SYS("user-data-follow-phc2sys.yaml",
                "clocktower-phc2sys");

        private final String userData;
        private final String service;

        Client(String userData, String service) {
            this.userData = userData;
            this.service = service;
        }
    }

    @BeforeAll
    static void bootDebian() throws Exception {
        if (!GuestStack.isThere()) {
            return;
        }
        var socket = directory.resolve("vm0.sock");
        application = PackagedApplication.start(directory,
                Map.of("clocktower.devices.vm0.socket", socket.toString()));
        vm = GuestVm.bootDebian(GuestStack.require(), directory, "vm0", GuestVm.Device.RTC.at(socket));
        Files.writeString(RESULTS, "%s, %d rounds: the least, the median and the greatest%n".formatted(Instant.now(),
                ROUNDS));
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

    @ParameterizedTest
    @EnumSource
    void theSystemClockFollowsWhatIsInjected(Client client) throws Exception {
        CloudConfig.read(client.userData).apply(vm);
        if (IS_LONG) {
            List<Duration> locked = new ArrayList<>();
            for (int i = 0; i < ROUNDS; i++) {
                vm.reboot();
                locked.add(lock());
            }
            report(client, "from the kernel's start to within 1 ms", locked);
        } else {
            report(client, "from its start to within 1 ms", List.of(FollowedClock.utc(vm).follow(LOCKED)));
        }
        List<Duration> back = new ArrayList<>();
        report(client, "-5 min, within 10 ms", rounds("-PT5M", back));
        report(client, "reverted, within 10 ms", back);
        if (IS_LONG) {
            back.clear();
            report(client, "+1 s, within 10 ms", rounds("PT1S", back));
            report(client, "reverted, within 10 ms", back);
            watch(client, "drift of 100 ppm, greatest in 20 s", "{\"type\":\"drift\",\"ratePpb\":100000}", 20);
            watch(client, "freeze for 20 s, greatest in these", "{\"type\":\"freeze\",\"duration\":\"PT20S\"}", 18);
            watch(client, "jitter of 50 ms, greatest in 20 s",
                    "{\"type\":\"jitter\",\"range\":\"PT0.05S\",\"interval\":\"PT1S\"}", 20);
            watchLeapSecond(client);
            followsAfterTheDeviceWasBoundAgain(client);
        }
    }

    /** The client keeps the old clock open, so the new one has another number: links and units are for that. */
    private static void followsAfterTheDeviceWasBoundAgain(Client client) throws Exception {
        int before = vm.number(PtpClock.UTC);
        vm.ask("unbind");
        // systemd drops a start that comes while the stop is still under way.
        var stopped = vm.run("udevadm settle; while systemctl is-active --quiet " + client.service
                + "; do sleep 0.2; done", LINK);
        assertEquals(0, stopped.status(), stopped.text());
        vm.ask("bind");
        var link = vm.run("udevadm settle; readlink /dev/clocktower/utc", LINK).text().strip();
        assertEquals("../ptp" + awaitDevice().number(), link);
        write(client, "  bound again, UTC is ptp" + before + ", then " + link, "");
        write(client, "-5 min, within 10 ms", seconds(followed("PUT", "offset", "{\"offset\":\"-PT5M\"}")));
        call("DELETE", "offset", null);
    }

    /** From the start of the kernel. */
    private static Duration lock() {
        var utc = awaitDevice();
        return utc.uptime().plus(utc.follow(LOCKED));
    }

    /** udev loads the driver some time after the agent has started. */
    private static FollowedClock awaitDevice() {
        long start = System.nanoTime();
        for (;;) {
            var clocks = vm.ask("clocks");
            if (clocks.contains(PtpClock.UTC.label())) {
                return FollowedClock.utc(vm);
            }
            assertTrue(System.nanoTime() - start < DEVICE_PATIENCE_NS, () -> "the guest's clocks: " + clocks + "\n"
                    + vm.consoleTail());
        }
    }

    private static List<Duration> rounds(String offset, List<Duration> back) throws Exception {
        List<Duration> there = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            there.add(followed("PUT", "offset", "{\"offset\":\"" + offset + "\"}"));
            back.add(followed("DELETE", "faults", null));
        }
        return there;
    }

    /** How long after the call the guest's clock follows. */
    private static Duration followed(String method, String path, String body) throws Exception {
        long start = System.nanoTime();
        call(method, path, body);
        return Duration.ofNanos(System.nanoTime() - start).plus(FollowedClock.utc(vm).follow(FOLLOWED));
    }

    private static void call(String method, String path, String body) throws Exception {
        var answer = application.send(method, "api/v1/devices/vm0/" + path, body);
        assertEquals(2, answer.statusCode() / 100, answer::body);
    }

    private static void watch(Client client, String what, String fault, int seconds) throws Exception {
        call("POST", "faults", fault);
        var greatest = FollowedClock.utc(vm).greatest(Duration.ofSeconds(seconds));
        write(client, what, FollowedClock.ms(greatest));
        write(client, "  and reverted, within 10 ms", seconds(followed("DELETE", "faults", null)));
    }

    private static void watchLeapSecond(Client client) throws Exception {
        call("POST", "faults", "{\"type\":\"leap-second\",\"month\":\"2030-12\",\"change\":\"insert\"}");
        call("POST", "faults", "{\"type\":\"set\",\"time\":\"2030-12-31T23:59:40Z\"}");
        write(client, "set to 2030-12-31 23:59:40, within 10 ms", seconds(FollowedClock.utc(vm).follow(FOLLOWED)));
        write(client, "leap second, greatest in 20 s",
                FollowedClock.ms(FollowedClock.utc(vm).greatest(Duration.ofSeconds(20))));
        write(client, "  and reverted, within 10 ms", seconds(followed("DELETE", "faults", null)));
    }

    private static void report(Client client, String what, List<Duration> durations) throws Exception {
        var sorted = durations.stream().sorted().toList();
        write(client, what, List.of(sorted.getFirst(), sorted.get(sorted.size() / 2), sorted.getLast()).stream()
                .distinct().map(GuestFollowsIT::seconds).collect(Collectors.joining(" · ")));
    }

    private static String seconds(Duration duration) {
        return "%.1f s".formatted(duration.toMillis() / 1000.0);
    }

    private static void write(Client client, String what, String value) throws Exception {
        var line = "%-8s  %-45s  %s%n".formatted(client.name().toLowerCase(Locale.ROOT), what, value);
        Files.writeString(RESULTS, line, StandardOpenOption.APPEND);
        System.out.print(line);
    }
}
