package io.clocktower.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How far a guest's CLOCK_REALTIME is from what is served during each kind of fault, in a guest as in
 * {@link GuestFollowsIT}. {@code -Dguest.rounds} runs it, which makes the other table of docs/guests.md, in
 * {@code target/guest-follows-faults.txt}.
 */
@EnabledIfSystemProperty(named = "guest.rounds", matches = "\\d+")
class GuestFollowsFaultsIT {

    /** A second after 2030 that the table of the distribution does not have; with the table's own time of expiry. */
    private static final String REHEARSED = """
            { sed '/^#[@h]/d' /usr/share/zoneinfo/leap-seconds.list; echo '#@ 4165516800'; echo '4133980800 38'; } \
            >/etc/chrony/leap-seconds.rehearsed \
            && sed -i 's,^leapseclist .*,leapseclist /etc/chrony/leap-seconds.rehearsed,' /etc/chrony/chrony.conf \
            && systemctl restart chrony""".replace("\n", " ");
    /** Of the status that adjtimex gives, STA_INS: the kernel will insert a second at the end of the day. */
    private static final String IS_INSERTING = "perl -e '$t = qq(\\0) x 208; syscall(159, $t);"
            + " print unpack(q(x40i), $t) & 0x10 ? q(yes) : q(no)'";
    private static final Duration COMMAND = Duration.ofSeconds(60);

    @RegisterExtension
    private static final ServedGuests GUESTS = ServedGuests.on("vm0");
    private static final FollowReport REPORT = new FollowReport("guest-follows-faults.txt", 1);
    private static FollowingGuest guest;

    @BeforeAll
    static void bootDebian() {
        if (GUESTS.areThere()) {
            guest = FollowingGuest.boot(GUESTS);
        }
    }

    /** A leap second that stays rehearsed puts TAI a second away from what the next client takes for it. */
    @AfterEach
    void revert() throws Exception {
        if (GUESTS.areThere()) {
            guest.revert();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSystemClockFollowsEachKindOfFault(FollowClient client) throws Exception {
        client.apply(guest.vm());
        guest.clock().follow(FollowingGuest.LOCKED);
        for (var offset : List.of("-PT5M", "PT1S")) {
            REPORT.time(client, offset + ", within 10 ms", guest.jump(offset));
            REPORT.time(client, "  and reverted, within 10 ms", guest.revert());
        }
        watch(client, "drift of 100 ppm, greatest in 20 s", "{\"type\":\"drift\",\"ratePpb\":100000}", 20);
        watch(client, "freeze of 20 s, greatest in these", "{\"type\":\"freeze\",\"duration\":\"PT20S\"}", 18);
        watch(client, "jitter of 50 ms, greatest in 20 s",
                "{\"type\":\"jitter\",\"range\":\"PT0.05S\",\"interval\":\"PT1S\"}", 20);
        watchLeapSecond(client, client == FollowClient.CHRONY_TAI);
    }

    private static void watch(FollowClient client, String what, String fault, int seconds) throws Exception {
        guest.inject(fault);
        REPORT.difference(client, what, guest.clock().greatest(Duration.ofSeconds(seconds)));
        REPORT.time(client, "  and reverted, within 10 ms", guest.revert());
    }

    /** With chrony's table of leap seconds, the kernel of the guest does it by itself. */
    private static void watchLeapSecond(FollowClient client, boolean isTableRehearsed) throws Exception {
        if (isTableRehearsed) {
            assertEquals(0, guest.vm().run(REHEARSED, COMMAND).status());
        }
        guest.inject("{\"type\":\"leap-second\",\"month\":\"2030-12\",\"change\":\"insert\"}");
        guest.inject("{\"type\":\"set\",\"time\":\"2030-12-31T23:59:30Z\"}");
        REPORT.time(client, "set to 2030-12-31 23:59:30, within 10 ms", guest.clock().follow(FollowingGuest.FOLLOWED));
        var isInserting = guest.vm().run(IS_INSERTING, COMMAND).text();
        REPORT.line(client, "  the kernel is to insert a second", isInserting);
        assertEquals(isTableRehearsed ? "yes" : "no", isInserting);
        REPORT.difference(client, "  leap second, greatest in 40 s", guest.clock().greatest(Duration.ofSeconds(40)));
        REPORT.difference(client, "  10 s after it", guest.clock().offset());
        REPORT.time(client, "  and reverted, within 10 ms", guest.revert());
    }
}
