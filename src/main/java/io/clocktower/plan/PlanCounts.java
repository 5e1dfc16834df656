package io.clocktower.plan;

/**
 * Counts of all plans since the service started.
 *
 * @param running plans that run now
 * @param injected items whose faults were injected
 * @param failed items whose faults were not
 */
public record PlanCounts(long running, long injected, long failed) {}
