package io.clocktower.fault;

import io.clocktower.clock.AnchoredEffect;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.FaultChain;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.InvalidComponentException;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.Durations;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
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

    private final List<ClockSpec> clocks;
    private final LeapSeconds leapSeconds;
    private final List<Fault> faults;
    /** By clock; what a monotonic clock must not show less than. */
    private final Map<Integer, Long> floorsNs;
    private final Map<String, String> failures;
    private final List<FaultChain> chains;
    private final long nextChangeNs;

    /**
     * @param floorsNs by clock, what a monotonic one must not show less than
     * @throws InvalidComponentException if faults that have begun contradict each other, with the component of an effect
     */
    public Faults(List<ClockSpec> clocks, LeapSeconds leapSeconds, List<Fault> faults, Map<Integer, Long> floorsNs) {
        this(clocks, leapSeconds, faults, floorsNs, Map.of());
    }

    private Faults(List<ClockSpec> clocks, LeapSeconds leapSeconds, List<Fault> faults, Map<Integer, Long> floorsNs,
            Map<String, String> failures) {
        this.clocks = clocks;
        this.leapSeconds = leapSeconds;
        this.faults = faults.stream().sorted(Comparator.comparingLong(Fault::startNs)).toList();
        this.floorsNs = Map.copyOf(floorsNs);
        this.failures = Map.copyOf(failures);
        chains = IntStream.range(0, clocks.size()).mapToObj(id -> chain(id, this.faults)).toList();
        nextChangeNs = this.faults.stream()
                .mapToLong(fault -> fault.isActive() || fault.isPaused() || failures.containsKey(fault.id())
                        ? fault.endNs()
                        : fault.startNs())
                .min().orElse(Long.MAX_VALUE);
    }

    /** These clocks with other faults, and with the failures of those among them. */
    Faults with(List<Fault> others, Map<String, String> otherFailures) {
        Map<String, String> left = new HashMap<>(otherFailures);
        left.keySet().retainAll(others.stream().map(Fault::id).toList());
        return new Faults(clocks, leapSeconds, others, floorsNs, left);
    }

    /** What some faults that have begun make of a clock. */
    FaultChain chain(int clockId, List<Fault> upTo) {
        List<AnchoredEffect> effects = upTo.stream().filter(fault -> fault.anchorsNs().containsKey(clockId))
                .map(fault -> anchored(fault, clockId)).toList();
        return effects.isEmpty() ? FaultChain.NONE : FaultChain.of(effects, leapSeconds);
    }

    private AnchoredEffect anchored(Fault fault, int clockId) {
        long anchorNs = fault.anchorsNs().get(clockId);
        Long targetNs = fault.targetsNs().get(clockId);
        // A release before this one kept no target of a set time.
        return targetNs == null
                ? new AnchoredEffect(fault.effect(), fault.startNs(), fault.endNs(), anchorNs)
                : new AnchoredEffect(fault.effect(), fault.startNs(), fault.endNs(), anchorNs, targetNs);
    }

    /** In the order in which they are composed. */
    public List<Fault> list() {
        return faults;
    }

    /** How many of them are active. */
    public long activeCount() {
        return faults.stream().filter(Fault::isActive).count();
    }

    /** One of them. */
    public Optional<Fault> find(String id) {
        return faults.stream().filter(fault -> fault.id().equals(id)).findFirst();
    }

    /** The faults that could not begin when they were due, and never will, by their ids: why not. */
    public Map<String, String> failures() {
        return failures;
    }

    /** Whether others would be kept as these are. */
    public boolean isSameAs(Faults other) {
        return faults.equals(other.faults) && floorsNs.equals(other.floorsNs);
    }

    List<ClockSpec> clocks() {
        return clocks;
    }

    LeapSeconds leapSeconds() {
        return leapSeconds;
    }

    public Map<Integer, Long> floorsNs() {
        return floorsNs;
    }

    public FaultChain chain(int clockId) {
        return chains.get(clockId);
    }

    /** A clock under these faults, of the caller's own. */
    public ServedClock clock(int clockId) {
        return clock(clockId, chains.get(clockId));
    }

    /** A clock under a chain. */
    ServedClock clock(int clockId, FaultChain chain) {
        var clock = new ServedClock(clocks.get(clockId), leapSeconds);
        if (floorsNs.containsKey(clockId)) {
            clock.holdMonotonic(floorsNs.get(clockId));
        }
        clock.setFaults(chain);
        return clock;
    }

    /** Whether a fault is for a clock. */
    public boolean isFor(Fault fault, int clockId) {
        return fault.clock().map(only -> only == clockId)
                .orElse(clocks.get(clockId).type() != ClockType.MONOTONIC);
    }

    /** Whether a fault can last so long. */
    public static boolean isLength(Optional<Duration> duration) {
        return FaultRules.isLength(duration);
    }

    /**
     * These and one more, in place of the one that has its id. A start of up to 10 s ago means now.
     *
     * @throws DeviceException if the fault, or these faults with it, are not possible at some time from now on, with the
     *         component of the request
     */
    public Faults with(String id, FaultRequest request, HostInstant now) throws DeviceException {
        FaultRules.check(request, clocks, now);
        Instant start = request.start().filter(at -> at.isAfter(now.wallClock())).orElseGet(now::wallClock);
        long startNs = now.boottimeNs() + Duration.between(now.wallClock(), start).toNanos();
        var added = new Fault(id, request.clock(), request.effect(), start, startNs, request.duration(),
                request.author(), request.reason(), Map.of()).onBehalfOf(request.onBehalfOf());
        List<Fault> more = new ArrayList<>(faults);
        more.removeIf(fault -> fault.id().equals(id));
        more.add(added);
        if (more.size() > MAX) {
            throw DeviceException
                    .conflict("the device has %d faults already, the maximum is %d".formatted(faults.size(),
                            MAX));
        }
        Map<String, String> otherFailures = new HashMap<>(failures);
        otherFailures.remove(id);
        Faults changed = with(more, otherFailures);
        Optional<Fault> replaced = find(id);
        Optional<String> objection = new Future(clocks.size(), clock -> isFor(added, clock)
                || replaced.isPresent() && isFor(replaced.get(), clock), Optional.of(id)).objection(changed, now);
        if (objection.isPresent()) {
            throw DeviceException.impossible(EffectKind.of(added.effect()).decisive(), objection.get());
        }
        return changed;
    }

    /**
     * These with another duration or reason of one of them.
     *
     * @param duration from the fault's start; of a paused one, what is left of it
     * @throws DeviceException if the fault has ended, would have ended by now, or would not be possible
     */
    public Faults changed(String id, Optional<Duration> duration, Optional<String> reason, HostInstant now)
            throws DeviceException {
        Fault was = present(id, now);
        FaultRules.checkDuration(duration);
        Fault is = duration.isEmpty() ? was : was.lasting(duration);
        if (is.endNs() <= now.boottimeNs()) {
            throw DeviceException.impossible("duration", "%s, the fault would have ended at %s; revert it instead"
                    .formatted(Durations.text(duration.get()), is.end().get()));
        }
        Fault changed = reason.map(is::because).orElse(is);
        return replaced(was, changed, now, objection -> DeviceException.impossible("duration", objection));
    }

    /**
     * These with one of them paused: its clocks go on without it.
     *
     * @throws DeviceException if it does not act
     */
    public Faults paused(String id, HostInstant now) throws DeviceException {
        Fault was = present(id, now);
        if (was.isPaused()) {
            return this;
        }
        if (!was.isActive()) {
            throw DeviceException.conflict("fault %s is not active".formatted(id));
        }
        return replaced(was, was.paused(now.wallClock(), now.boottimeNs()), now, objection -> DeviceException
                .conflict("cannot pause this fault: the remaining faults would be invalid: " + objection));
    }

    /**
     * These with one of them going on after a pause: it begins again, for the time that was left.
     *
     * @throws DeviceException if it is not paused, or is not possible any more
     */
    public Faults resumed(String id, HostInstant now) throws DeviceException {
        Fault was = present(id, now);
        if (!was.isPaused()) {
            throw DeviceException.conflict("fault %s is not paused".formatted(id));
        }
        return replaced(was, was.begunAgain(now.wallClock(), now.boottimeNs(), was.duration()), now,
                objection -> DeviceException.conflict("cannot resume this fault: " + objection));
    }

    private Fault present(String id, HostInstant now) throws DeviceException {
        return find(id).filter(fault -> fault.endNs() > now.boottimeNs())
                .orElseThrow(() -> DeviceException.notFound("the device has no fault %s".formatted(id)));
    }

    private Faults replaced(Fault was, Fault is, HostInstant now, Function<String, DeviceException> refusal)
            throws DeviceException {
        if (is.equals(was)) {
            return this;
        }
        List<Fault> others = new ArrayList<>(faults);
        others.replaceAll(fault -> fault == was ? is : fault);
        Faults changed = with(others, failures);
        Optional<String> objection = new Future(clocks.size(), clock -> isFor(is, clock), Optional.of(is.id()))
                .objection(changed, now);
        if (objection.isPresent()) {
            throw refusal.apply(objection.get());
        }
        return changed;
    }

    /**
     * These without some of them. All can always be reverted together.
     *
     * @throws DeviceException if those that are left are not possible at some time from now on
     */
    public Faults revert(Predicate<Fault> reverted, HostInstant now) throws DeviceException {
        Faults left = without(reverted);
        if (left == this || left.faults.isEmpty()) {
            return left;
        }
        List<Fault> gone = faults.stream().filter(reverted).toList();
        Optional<String> objection = new Future(clocks.size(),
                clock -> gone.stream().anyMatch(fault -> isFor(fault, clock)), Optional.empty()).objection(left, now);
        if (objection.isPresent()) {
            throw DeviceException.conflict(
                    "cannot revert this fault alone: the remaining faults would be invalid: %s; revert those too, or all faults"
                            .formatted(objection.get()));
        }
        return left;
    }

    /** These without some of them, whatever becomes of the others. */
    public Faults without(Predicate<Fault> reverted) {
        List<Fault> left = faults.stream().filter(reverted.negate()).toList();
        return left.equals(faults) ? this : with(left, failures);
    }

    /** These with other floors for the monotonic clocks. */
    public Faults withFloors(Map<Integer, Long> floors) {
        return floors.equals(floorsNs) ? this : new Faults(clocks, leapSeconds, faults, floors, failures);
    }

    /**
     * These as they are at a time: those that have ended are gone, those that are due act, and those that were due and
     * cannot act have {@linkplain #failures failed}. Never throws.
     */
    public Faults at(HostInstant now) {
        return new DueFaults(this, now).applied();
    }

    /**
     * These at a time until which no clock was read under those that are due: they begin only now, so they end as much
     * later. Where that would not be possible, as another fault begins or ends before, they end when they were to.
     */
    public Faults begun(HostInstant now) {
        return new DueFaults(this, now).begun();
    }

    /**
     * When a clock comes to a time, as its faults are.
     *
     * @param timeNs on the clock, unsigned
     * @return from now, in nanoseconds of the host's time; negative, by what the clock is past the time, if it has come to
     *         it; empty if it never does
     */
    public OptionalLong nsUntil(int clockId, long timeNs, HostInstant now) {
        return DueTime.nsUntil(this, clockId, timeNs, now);
    }

    /** When a fault begins or ends next, on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if none will. */
    public long nextChangeNs() {
        return nextChangeNs;
    }

    /** When a fault begins, ends or settles next, on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if none will. */
    long nextEdgeNs(long boottimeNs) {
        return Math.min(nextChangeNs(),
                chains.stream().mapToLong(chain -> chain.nextEdgeNs(boottimeNs)).min().orElse(Long.MAX_VALUE));
    }
}
