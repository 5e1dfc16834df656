package io.clocktower.device;

import io.clocktower.clock.AnchoredEffect;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Effect;
import io.clocktower.clock.FaultChain;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * The faults of a device's clocks, those that act and those still to begin, in the order in which they are composed: that
 * of their starts, each taking the time that the one before it left. Immutable, so any thread can ask what the clocks show
 * under them.
 */
public final class Faults {

    /** How many faults a device may have. */
    public static final int MAX = 32;
    private static final Duration MAX_DURATION = Duration.ofDays(36_500);
    private static final Duration MAX_DELAY = Duration.ofDays(3_650);

    private final List<ClockSpec> clocks;
    private final LeapSeconds leapSeconds;
    private final List<Fault> faults;
    /** By clock; what a monotonic clock must not show less than. */
    private final Map<Integer, Long> floorsNs;
    private final List<FaultChain> chains;

    /**
     * @param floorsNs by clock, what a monotonic one must not show less than
     * @throws IllegalArgumentException if faults contradict each other, naming the component of the effect
     */
    Faults(List<ClockSpec> clocks, LeapSeconds leapSeconds, List<Fault> faults, Map<Integer, Long> floorsNs) {
        this.clocks = clocks;
        this.leapSeconds = leapSeconds;
        this.faults = faults.stream().sorted(Comparator.comparingLong(Fault::startNs)).toList();
        this.floorsNs = Map.copyOf(floorsNs);
        chains = IntStream.range(0, clocks.size()).mapToObj(id -> chain(id, this.faults)).toList();
    }

    private FaultChain chain(int clockId, List<Fault> upTo) {
        List<AnchoredEffect> effects = upTo.stream().filter(fault -> fault.anchorsNs().containsKey(clockId))
                .map(fault -> new AnchoredEffect(fault.effect(), fault.startNs(), fault.endNs(),
                        fault.anchorsNs().get(clockId)))
                .toList();
        return effects.isEmpty() ? FaultChain.NONE : FaultChain.of(effects, leapSeconds);
    }

    /** In the order in which they are composed. */
    public List<Fault> list() {
        return faults;
    }

    /** One of them. */
    public Optional<Fault> find(String id) {
        return faults.stream().filter(fault -> fault.id().equals(id)).findFirst();
    }

    /** Whether others would be kept as these are. */
    boolean isSameAs(Faults other) {
        return faults.equals(other.faults) && floorsNs.equals(other.floorsNs);
    }

    Map<Integer, Long> floorsNs() {
        return floorsNs;
    }

    FaultChain chain(int clockId) {
        return chains.get(clockId);
    }

    /** A clock under these faults, of the caller's own. */
    public ServedClock clock(int clockId) {
        var clock = new ServedClock(clocks.get(clockId), leapSeconds);
        if (floorsNs.containsKey(clockId)) {
            clock.holdMonotonic(floorsNs.get(clockId));
        }
        clock.setFaults(chains.get(clockId));
        return clock;
    }

    /** Whether a fault is for a clock. */
    public boolean isFor(Fault fault, int clockId) {
        return fault.clock().map(only -> only == clockId)
                .orElse(clocks.get(clockId).type() != ClockType.MONOTONIC);
    }

    /**
     * These and one more, in place of the one that has its id.
     *
     * @throws DeviceException if it cannot be, naming what of the request is to blame
     */
    Faults with(String id, FaultRequest request, HostInstant now) throws DeviceException {
        check(request, now);
        long startNs = now.boottimeNs() + request.start().map(start -> nsUntil(start, now)).orElse(0L);
        var added = new Fault(id, request.clock(), request.effect(), request.start().orElseGet(() -> instant(now)),
                startNs, request.duration(), request.author(), request.reason(), Map.of());
        List<Fault> more = new ArrayList<>(faults);
        more.removeIf(fault -> fault.id().equals(id));
        more.add(added);
        if (more.size() > MAX) {
            throw DeviceException.conflict("there are %d faults already, expected at most %d".formatted(faults.size(),
                    MAX));
        }
        try {
            Faults changed = new Faults(clocks, leapSeconds, more, floorsNs);
            changed.refuseUnrepresentable(added, now);
            return changed;
        } catch (IllegalArgumentException e) {
            throw DeviceException.impossible(blamed(added.effect()), FieldFault.of(e).detail());
        }
    }

    private void check(FaultRequest request, HostInstant now) throws DeviceException {
        if (request.clock().isPresent()) {
            checkClock(request.clock().get(), request.effect());
        } else if (clocks.stream().allMatch(clock -> clock.type() == ClockType.MONOTONIC)) {
            throw DeviceException.impossible("clock", "none, expected one, as the device has only monotonic clocks and"
                    + " those must be named");
        }
        if (!isLength(request.duration())) {
            throw DeviceException.impossible("duration", "%s, expected more than 0 and at most %s"
                    .formatted(request.duration().get(), MAX_DURATION));
        }
        if (request.start().isPresent()) {
            Duration delay = Duration.between(instant(now), request.start().get());
            if (delay.isNegative() || delay.compareTo(MAX_DELAY) > 0) {
                throw DeviceException.impossible("start", "%s, expected now (%s) or later, by at most %s"
                        .formatted(request.start().get(), instant(now), MAX_DELAY));
            }
        }
    }

    /** Whether a fault can last so long. */
    static boolean isLength(Optional<Duration> duration) {
        return duration.map(length -> length.isPositive() && length.compareTo(MAX_DURATION) <= 0).orElse(true);
    }

    private void checkClock(int clockId, Effect effect) throws DeviceException {
        if (clockId < 0 || clockId >= clocks.size()) {
            throw DeviceException.impossible("clock", "%d, expected 0 to %d".formatted(clockId, clocks.size() - 1));
        }
        Optional<String> objection = switch (clocks.get(clockId).type()) {
            case MONOTONIC -> effect.objectionOfMonotonic();
            case TAI -> effect instanceof Effect.LeapSecond
                    ? Optional.of("a TAI clock has no leap seconds")
                    : Optional.empty();
            case UTC, UTC_SMEARED, UTC_MAYBE_SMEARED -> Optional.empty();
        };
        if (objection.isPresent()) {
            throw DeviceException.impossible(effect instanceof Effect.Step ? "offset" : "type", objection.get());
        }
    }

    private void refuseUnrepresentable(Fault added, HostInstant now) throws DeviceException {
        HostInstant start = now.plus(Math.max(0, added.startNs() - now.boottimeNs()));
        Faults begun = at(start);
        for (int id = 0; id < clocks.size(); id++) {
            if (isFor(added, id) && !begun.isRepresentable(id, start)) {
                throw DeviceException.impossible(blamed(added.effect()), ("clock %d would leave what 64 bits of"
                        + " nanoseconds hold, 1970-01-01 to 2554-07-21").formatted(id));
            }
        }
    }

    private boolean isRepresentable(int clockId, HostInstant instant) {
        long scaleNs = clocks.get(clockId).type() == ClockType.MONOTONIC ? instant.boottimeNs() : instant.taiNs();
        return chains.get(clockId).isRepresentable(scaleNs, instant.boottimeNs())
                && ServedClock.isRepresentable(clock(clockId).readNs(instant));
    }

    /** The component of an effect that decides how far it goes. */
    private static String blamed(Effect effect) {
        return switch (effect) {
            case Effect.Step _,Effect.Slew _ -> "offset";
            case Effect.SetTime _ -> "time";
            case Effect.Drift _ -> "ratePpb";
            case Effect.Jitter _ -> "range";
            case Effect.Strobe _ -> "delta";
            case Effect.LeapSecond _ -> "month";
            case Effect.Freeze _ -> "type";
        };
    }

    /** These without some of them. */
    Faults without(Predicate<Fault> reverted) {
        List<Fault> left = faults.stream().filter(reverted.negate()).toList();
        return left.equals(faults) ? this : new Faults(clocks, leapSeconds, left, floorsNs);
    }

    /** These with other floors for the monotonic clocks. */
    Faults withFloors(Map<Integer, Long> floors) {
        return floors.equals(floorsNs) ? this : new Faults(clocks, leapSeconds, faults, floors);
    }

    /** These as they are at a time: those that have ended are gone, and those that have begun act. */
    public Faults at(HostInstant now) {
        List<Fault> begun = new ArrayList<>();
        for (Fault fault : faults) {
            boolean begins = !fault.isActive() && fault.startNs() <= now.boottimeNs();
            begun.add(begins ? fault.anchored(anchors(fault, begun, now)) : fault);
        }
        // Only now: one that has ended may have acted when another one began.
        begun.removeIf(fault -> fault.endNs() <= now.boottimeNs());
        return begun.equals(faults) ? this : new Faults(clocks, leapSeconds, begun, floorsNs);
    }

    /** These at a time until which no clock was read under those that have begun: they begin only then. */
    Faults begun(HostInstant now) {
        List<Fault> late = faults.stream().map(fault -> !fault.isActive() && fault.startNs() < now.boottimeNs()
                && fault.endNs() > now.boottimeNs() ? fault.startingAt(now.boottimeNs()) : fault).toList();
        return (late.equals(faults) ? this : new Faults(clocks, leapSeconds, late, floorsNs)).at(now);
    }

    /** What the time scales of its clocks show, under the faults before it, when a fault begins. */
    private Map<Integer, Long> anchors(Fault fault, List<Fault> before, HostInstant now) {
        List<Fault> acting = before.stream().filter(other -> other.endNs() > fault.startNs()).toList();
        Map<Integer, Long> anchors = new HashMap<>();
        for (int id = 0; id < clocks.size(); id++) {
            if (isFor(fault, id)) {
                long scaleNs = clocks.get(id).type() == ClockType.MONOTONIC
                        ? fault.startNs()
                        : now.taiNs() - (now.boottimeNs() - fault.startNs());
                anchors.put(id, chain(id, acting).apply(scaleNs, fault.startNs()));
            }
        }
        return anchors;
    }

    /**
     * When a clock comes to a time, as its faults are.
     *
     * @param timeNs on the clock, unsigned
     * @return from now, in nanoseconds of the host's time; negative, by what the clock is past the time, if it has come to
     *         it; nothing if it never does
     */
    public OptionalLong nsUntil(int clockId, long timeNs, HostInstant now) {
        return DueTime.nsUntil(this, clockId, timeNs, now);
    }

    /** When a fault begins or ends next, on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if none will. */
    long nextChangeNs() {
        return faults.stream().mapToLong(fault -> fault.isActive() ? fault.endNs() : fault.startNs()).min()
                .orElse(Long.MAX_VALUE);
    }

    private static long nsUntil(Instant instant, HostInstant now) {
        return Duration.between(instant(now), instant).toNanos();
    }

    private static Instant instant(HostInstant now) {
        return now.wallClock();
    }
}
