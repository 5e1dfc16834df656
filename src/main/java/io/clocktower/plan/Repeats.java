package io.clocktower.plan;

import java.time.Instant;
import java.util.Optional;

/** The runs of a plan with a schedule: when the next one begins, and what became of those before. Thread-safe. */
final class Repeats {

    private final Recurrence recurrence;
    private Instant next;
    private int begun;
    private int skipped;
    private String reason;
    private boolean isBeginning;

    Repeats(Recurrence recurrence, Instant now) {
        this.recurrence = recurrence;
        next = recurrence.next(now).orElse(null);
    }

    Repeats(Recurrence recurrence, PlanStatus.Runs kept) {
        this.recurrence = recurrence;
        next = kept.next().orElse(null);
        begun = kept.begun();
        skipped = kept.skipped();
        reason = kept.reason().orElse(null);
    }

    synchronized PlanStatus.Runs runs() {
        return new PlanStatus.Runs(Optional.ofNullable(next), begun, skipped, Optional.ofNullable(reason));
    }

    synchronized Optional<Instant> next() {
        return Optional.ofNullable(next);
    }

    /** When the next run is to be begun; empty if none is, or if one is being begun. */
    synchronized Optional<Instant> awaited() {
        return isBeginning ? Optional.empty() : next();
    }

    /** Whether a run is due, which then is to be begun by the caller alone. */
    synchronized boolean takeDue(Instant now) {
        if (isBeginning || next == null || next.isAfter(now)) {
            return false;
        }
        isBeginning = true;
        return true;
    }

    /** The run that was due has begun. */
    synchronized void onBegun(Instant now) {
        begun++;
        reason = null;
        proceed(now);
    }

    /** The run that was due did not begin. */
    synchronized void onSkipped(Instant now, String why) {
        skipped++;
        reason = why;
        proceed(now);
    }

    private void proceed(Instant now) {
        isBeginning = false;
        if (next != null) {
            next = recurrence.next(now.isAfter(next) ? now : next).orElse(null);
        }
    }

    /** What was due while the service did not run is not made up for. */
    synchronized void afterOutage(Instant now) {
        if (next != null && next.isBefore(now)) {
            onSkipped(now, "the service was not running at " + next);
        }
    }

    /** No run begins any more. */
    synchronized void end() {
        next = null;
    }
}
