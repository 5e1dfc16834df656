package io.clocktower.fault;

import io.clocktower.clock.Effect;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A fault of a device.
 *
 * @param id unique among the faults of its device
 * @param clock the one clock it is for; without, it is for all clocks but the monotonic ones
 * @param start when it begins or took effect, on the host's wall clock as it was when the fault was injected; or when it was
 *     paused
 * @param startNs the same on CLOCK_BOOTTIME, by which it really begins and ends; negative if it is before the boot
 * @param duration after which it ends by itself; if it is paused, what is left of that
 * @param author who injected it
 * @param onBehalfOf for whom, in the author's words; may be empty
 * @param reason why; may be empty
 * @param anchorsNs by clock, the reading of the clock's time scale that it begins from; empty until it begins
 * @param targetsNs by clock, the TAI that a set time shows when it begins; empty until it begins, and for other effects
 * @param isPaused whether it does nothing until it is resumed, however long that takes
 */
public record Fault(String id, Optional<Integer> clock, Effect effect, Instant start, long startNs,
        Optional<Duration> duration, String author, String onBehalfOf, String reason, Map<Integer, Long> anchorsNs,
        Map<Integer, Long> targetsNs, boolean isPaused) {

    private static final Pattern OF_A_PLAN = Pattern.compile("(p\\d+)-[0-9a-z]+-\\d+");

    public Fault {
        anchorsNs = Map.copyOf(anchorsNs);
        targetsNs = Map.copyOf(targetsNs);
    }

    /** A fault that has no targets. */
    public Fault(String id, Optional<Integer> clock, Effect effect, Instant start, long startNs,
            Optional<Duration> duration, String author, String reason, Map<Integer, Long> anchorsNs) {
        this(id, clock, effect, start, startNs, duration, author, reason, anchorsNs, Map.of());
    }

    /** A fault that acts or will act, and that its author wants. */
    public Fault(String id, Optional<Integer> clock, Effect effect, Instant start, long startNs,
            Optional<Duration> duration, String author, String reason, Map<Integer, Long> anchorsNs,
            Map<Integer, Long> targetsNs) {
        this(id, clock, effect, start, startNs, duration, author, "", reason, anchorsNs, targetsNs, false);
    }

    /** The id of a fault of a plan, of which no other fault has the form. */
    public static String idOf(String plan, Instant planStart, int item) {
        return plan + "-" + Long.toString(planStart.toEpochMilli(), Character.MAX_RADIX) + "-" + item;
    }

    /** The plan that a fault of this id is of. */
    public static Optional<String> planOf(String id) {
        Matcher ofPlan = OF_A_PLAN.matcher(id);
        return ofPlan.matches() ? Optional.of(ofPlan.group(1)) : Optional.empty();
    }

    /** When it ends on CLOCK_BOOTTIME; {@link Long#MAX_VALUE} if it does not. */
    public long endNs() {
        return isPaused ? Long.MAX_VALUE : duration.map(length -> startNs + length.toNanos()).orElse(Long.MAX_VALUE);
    }

    /** When it ends, on the host's wall clock. */
    public Optional<Instant> end() {
        return isPaused ? Optional.empty() : duration.map(start::plus);
    }

    /** Whether it acts. */
    public boolean isActive() {
        return !anchorsNs.isEmpty();
    }

    /** Whether another fault is this one, injected once: as time goes on it may have begun, perhaps a little late. */
    public boolean isSameAs(Fault other) {
        return isOfSameInjection(other) && reason.equals(other.reason) && isPaused == other.isPaused
                && (isActive() != other.isActive() || start.equals(other.start) && duration.equals(other.duration));
    }

    /** Whether another fault is this one, although an operator may have changed its duration or reason, or paused it. */
    public boolean isChangeOf(Fault other) {
        return isOfSameInjection(other)
                && (start.equals(other.start) || isPaused != other.isPaused || isActive() != other.isActive());
    }

    private boolean isOfSameInjection(Fault other) {
        return id.equals(other.id) && clock.equals(other.clock) && effect.equals(other.effect)
                && author.equals(other.author) && onBehalfOf.equals(other.onBehalfOf);
    }

    /** The fault with what it begins from. */
    public Fault anchored(Map<Integer, Long> anchors, Map<Integer, Long> targets) {
        return new Fault(id, clock, effect, start, startNs, duration, author, onBehalfOf, reason, anchors, targets,
                isPaused);
    }

    /** The same fault on the time since another boot. */
    public Fault startingAt(long boottimeNs) {
        return new Fault(id, clock, effect, start, boottimeNs, duration, author, onBehalfOf, reason, anchorsNs,
                targetsNs, isPaused);
    }

    /** The fault if it begins only at a later time since boot: its start and its end are later too. */
    Fault delayedTo(long boottimeNs) {
        return new Fault(id, clock, effect, start.plusNanos(boottimeNs - startNs), boottimeNs, duration, author,
                onBehalfOf, reason, anchorsNs, targetsNs, isPaused);
    }

    /** The fault if it begins only at a later time since boot, and yet ends when it was to. */
    Fault shortenedTo(long boottimeNs) {
        Fault delayed = delayedTo(boottimeNs);
        return delayed.lasting(duration.map(length -> length.minusNanos(boottimeNs - startNs)));
    }

    /** The fault with another duration, from its start. */
    Fault lasting(Optional<Duration> other) {
        return new Fault(id, clock, effect, start, startNs, other, author, onBehalfOf, reason, anchorsNs, targetsNs,
                isPaused);
    }

    /** The fault with another reason. */
    Fault because(String other) {
        return new Fault(id, clock, effect, start, startNs, duration, author, onBehalfOf, other, anchorsNs, targetsNs,
                isPaused);
    }

    /** The fault of an author who acts for someone else. */
    Fault onBehalfOf(String other) {
        return new Fault(id, clock, effect, start, startNs, duration, author, other, reason, anchorsNs, targetsNs,
                isPaused);
    }

    /** The fault if it stops acting, and its duration stands still. */
    Fault paused(Instant now, long boottimeNs) {
        return new Fault(id, clock, effect, now, boottimeNs,
                duration.map(length -> length.minusNanos(boottimeNs - startNs)), author, onBehalfOf, reason, Map.of(),
                Map.of(), true);
    }

    /** The same fault, to begin at another time; its anchors are not known yet. */
    public Fault begunAgain(Instant otherStart, long boottimeNs, Optional<Duration> otherDuration) {
        return new Fault(id, clock, effect, otherStart, boottimeNs, otherDuration, author, onBehalfOf, reason, Map.of(),
                Map.of(), false);
    }
}
