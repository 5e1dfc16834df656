package io.clocktower.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A Debian guest on the device vm0, and what is injected there. */
record FollowingGuest(ServedGuests guests, GuestVm vm) {

    static final Duration LOCKED = Duration.ofMillis(1);
    static final Duration FOLLOWED = Duration.ofMillis(10);
    private static final String DEVICE = "vm0";
    private static final Duration COMMAND = Duration.ofSeconds(10);
    private static final long DEVICE_PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    static FollowingGuest boot(ServedGuests guests) {
        return new FollowingGuest(guests, guests.bootDebian(DEVICE, GuestVm.Device.RTC.at(guests.socket(DEVICE))));
    }

    FollowedClock clock() {
        return FollowedClock.utc(vm);
    }

    void inject(String fault) throws IOException, InterruptedException {
        call("POST", "faults", fault);
    }

    /** How long after the offset is set the guest's clock has it. */
    Duration jump(String offset) throws IOException, InterruptedException {
        return followed("PUT", "offset", "{\"offset\":\"" + offset + "\"}");
    }

    /** How long after all faults are reverted the guest's clock is right again. */
    Duration revert() throws IOException, InterruptedException {
        return followed("DELETE", "faults", null);
    }

    private Duration followed(String method, String path, String body) throws IOException, InterruptedException {
        var clock = clock();
        long start = System.nanoTime();
        call(method, path, body);
        return Duration.ofNanos(System.nanoTime() - start).plus(clock.follow(FOLLOWED));
    }

    private void call(String method, String path, String body) throws IOException, InterruptedException {
        var answer = guests.application().send(method, "api/v1/devices/" + DEVICE + "/" + path, body);
        assertEquals(2, answer.statusCode() / 100, answer::body);
    }

    /** Restarts the guest: how long after the start of its kernel its clock is within a millisecond. */
    Duration reboot() {
        vm.reboot();
        var clock = awaitClock();
        return clock.uptime().plus(clock.follow(LOCKED));
    }

    /** udev loads the driver some time after the agent has started. */
    FollowedClock awaitClock() {
        long start = System.nanoTime();
        for (;;) {
            var clocks = vm.ask("clocks");
            if (clocks.contains(PtpClock.UTC.label()) && hasFile(vm.number(PtpClock.UTC))) {
                return clock();
            }
            assertTrue(System.nanoTime() - start < DEVICE_PATIENCE_NS, () -> "the guest's clocks: " + clocks + "\n"
                    + vm.consoleTail());
        }
    }

    /** The kernel knows of a clock a moment before there is a file for it. */
    private boolean hasFile(int clock) {
        return vm.run("test -c /dev/ptp" + clock, COMMAND).status() == 0;
    }
}
