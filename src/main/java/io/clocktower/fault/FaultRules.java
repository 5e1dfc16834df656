package io.clocktower.fault;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.InvalidComponentException;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.Durations;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What a request for a fault must keep to by itself, whatever other faults there are. */
final class FaultRules {

    private static final Duration MAX_DURATION = Duration.ofDays(36_500);
    private static final Duration MAX_DELAY = Duration.ofDays(3_650);
    /** A caller's clock may be this far behind, or the request under way for so long. */
    private static final Duration MAX_PAST = Duration.ofSeconds(10);

    private FaultRules() {}

    /** Whether a fault can last so long. */
    static boolean isLength(Optional<Duration> duration) {
        return duration.map(length -> length.isPositive() && length.compareTo(MAX_DURATION) <= 0).orElse(true);
    }

    /**
     * @throws DeviceException if the request breaks a rule, with the component that does
     */
    static void check(FaultRequest request, List<ClockSpec> clocks, HostInstant now) throws DeviceException {
        if (request.clock().isPresent()) {
            checkClock(request, request.clock().get(), clocks);
        } else if (clocks.stream().allMatch(clock -> clock.type() == ClockType.MONOTONIC)) {
            throw DeviceException.impossible("clock",
                    "missing, expected the id of a clock: the device has only monotonic clocks");
        }
        checkDuration(request.duration());
        if (request.start().isPresent()) {
            checkStart(request.start().get(), now);
        }
    }

    static void checkDuration(Optional<Duration> duration) throws DeviceException {
        if (!isLength(duration)) {
            throw DeviceException.impossible("duration", "%s, expected more than 0s and at most %s"
                    .formatted(Durations.text(duration.get()), Durations.text(MAX_DURATION)));
        }
    }

    private static void checkClock(FaultRequest request, int clockId, List<ClockSpec> clocks) throws DeviceException {
        if (clockId < 0 || clockId >= clocks.size()) {
            throw DeviceException.impossible("clock", "%d, expected 0 to %d".formatted(clockId, clocks.size() - 1));
        }
        try {
            request.effect().checkFor(clocks.get(clockId).type());
        } catch (InvalidComponentException e) {
            throw DeviceException.impossible(EffectKind.of(request.effect()).member(e), e.detail());
        }
    }

    private static void checkStart(Instant start, HostInstant now) throws DeviceException {
        Duration delay = Duration.between(now.wallClock(), start);
        if (delay.compareTo(MAX_PAST.negated()) < 0 || delay.compareTo(MAX_DELAY) > 0) {
            throw DeviceException.impossible("start", "%s, expected at most %s before and %s after now, %s".formatted(
                    start, Durations.text(MAX_PAST), Durations.text(MAX_DELAY), now.wallClock()));
        }
    }
}
