package io.clocktower.plan;

/** The state of a plan. */
public enum PlanState {
    /** Some of its items are still to be done. */
    RUNNING,
    /** It has a schedule, and its next run has not begun. */
    WAITING,
    /** All of its items are done; devices may still have faults of it. */
    COMPLETED,
    /** It was stopped before all of its items were done. */
    STOPPED
}
