package io.clocktower.guest;

import java.time.Duration;

/** How the CLOCK_REALTIME of a guest is to the UTC clock of its device, as the guest's agent measures it. */
record FollowedClock(GuestVm vm, int number) {

    /** Much longer than it may take on a quiet machine. */
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final Duration HOLD = Duration.ofSeconds(2);
    private static final long MS_NS = 1_000_000;

    static FollowedClock utc(GuestVm vm) {
        return new FollowedClock(vm, vm.number(PtpClock.UTC));
    }

    /** How long it takes until the two are within a tolerance, and stay there for two seconds. */
    Duration follow(Duration tolerance) {
        return Duration.ofNanos(Long.parseLong(vm.ask("follow %d %d %d %d".formatted(number, tolerance.toNanos(),
                HOLD.toMillis(), LIMIT.toMillis()), LIMIT.plus(LIMIT))));
    }

    /** The greatest difference of the two in that time. */
    Duration greatest(Duration time) {
        var range = vm.ask("watch %d %d".formatted(number, time.toMillis()), time.plus(LIMIT)).split(" ");
        return Duration.ofNanos(Math.max(Math.abs(Long.parseLong(range[0])), Math.abs(Long.parseLong(range[1]))));
    }

    /** The difference now. */
    Duration offset() {
        return Duration.ofNanos(Long.parseLong(vm.ask("offset " + number).split(" ")[0]));
    }

    /** How long the guest's kernel has been running. */
    Duration uptime() {
        return Duration.ofNanos(Long.parseLong(vm.ask("uptime")));
    }

    static String ms(Duration duration) {
        return "%.1f ms".formatted((double) duration.toNanos() / MS_NS);
    }
}
