package io.clocktower.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What applications in a guest see, CLOCK_REALTIME, follows what is injected, in a Debian guest that is set up by the files
 * of {@code deployment/guest}. It writes how long that took to {@code target/guest-follows.txt}: once in CI, and
 * {@code -Dguest.rounds=10} makes the table of docs/guests.md, and demands times that a quiet machine allows.
 */
class GuestFollowsIT {

    private static final String LONG = "guest.rounds";
    private static final int ROUNDS = Integer.getInteger(LONG, 1);
    private static final boolean IS_LONG = ROUNDS > 1;
    /** From the start of the kernel, without hardware virtualization. */
    private static final Duration BOOT = Duration.ofSeconds(15);
    private static final Duration LINK = Duration.ofSeconds(60);

    @RegisterExtension
    private static final ServedGuests GUESTS = ServedGuests.on("vm0");
    private static FollowReport report;
    private static FollowingGuest guest;

    @BeforeAll
    static void bootDebian() {
        if (GUESTS.areThere()) {
            guest = FollowingGuest.boot(GUESTS);
            report = new FollowReport("guest-follows.txt", ROUNDS);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CHRONY", "PHC2SYS"})
    void theSystemClockFollowsAJump(FollowClient client) throws Exception {
        client.apply(guest.vm());
        report.times(client, "from its start to within 1 ms", List.of(guest.clock().follow(FollowingGuest.LOCKED)));
        for (var offset : IS_LONG ? List.of("-PT5M", "PT1S") : List.of("-PT5M")) {
            List<Duration> there = new ArrayList<>();
            List<Duration> back = new ArrayList<>();
            for (int i = 0; i < ROUNDS; i++) {
                there.add(guest.jump(offset));
                back.add(guest.revert());
            }
            report.times(client, offset + ", within 10 ms", there);
            report.times(client, "reverted, within 10 ms", back);
            assertWithin(client.limit(), there);
            assertWithin(client.limit(), back);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CHRONY", "PHC2SYS"})
    @EnabledIfSystemProperty(named = LONG, matches = "\\d+")
    void theSystemClockIsRightSoonAfterABoot(FollowClient client) throws Exception {
        client.apply(guest.vm());
        List<Duration> boots = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            boots.add(guest.reboot());
        }
        report.times(client, "from the kernel's start to within 1 ms", boots);
        assertWithin(BOOT, boots);
    }

    /** The client keeps the old clock open, so the new one has another number: links and units are for that. */
    @ParameterizedTest
    @EnumSource(names = {"CHRONY", "PHC2SYS"})
    @EnabledIfSystemProperty(named = LONG, matches = "\\d+")
    void theSystemClockFollowsAfterTheDeviceWasBoundAgain(FollowClient client) throws Exception {
        client.apply(guest.vm());
        var vm = guest.vm();
        int before = vm.number(PtpClock.UTC);
        vm.ask("unbind");
        // systemd drops a start that comes while the stop is still under way.
        var stopped = vm.run("udevadm settle; while systemctl is-active --quiet " + client.service()
                + "; do sleep 0.2; done", LINK);
        assertEquals(0, stopped.status(), stopped.text());
        vm.ask("bind");
        var link = vm.run("udevadm settle; readlink /dev/clocktower/utc", LINK).text().strip();
        assertEquals("../ptp" + guest.awaitClock().number(), link);
        report.line(client, "bound again, UTC is ptp" + before + ", then " + link, "");
        report.times(client, "-PT5M, within 10 ms", List.of(guest.jump("-PT5M")));
        guest.revert();
    }

    /** A machine that has other work is slow, so it is demanded in the long form only. */
    private static void assertWithin(Duration limit, List<Duration> times) {
        if (IS_LONG) {
            assertTrue(times.stream().allMatch(time -> time.compareTo(limit) <= 0), times::toString);
        }
    }
}
