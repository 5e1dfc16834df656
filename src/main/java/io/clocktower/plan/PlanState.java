package io.clocktower.plan;

/** How a plan is. */
public enum PlanState {
    /** It has items that are still to be done. */
    RUNNING,
    /** All of its items are done; faults of it may still be there. */
    COMPLETED,
    /** It was stopped before all of its items were done. */
    STOPPED
}
