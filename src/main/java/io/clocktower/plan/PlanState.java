package io.clocktower.plan;

/** The state of a plan. */
public enum PlanState {
    /** Some of its items are still to be done. */
    RUNNING,
    /** All of its items are done; devices may still have faults of it. */
    COMPLETED,
    /** It was stopped before all of its items were done. */
    STOPPED
}
