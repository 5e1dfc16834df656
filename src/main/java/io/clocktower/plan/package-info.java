/**
 * Plans: timed faults over devices that are chosen by label, drawn from a seed so that a run can be repeated.
 *
 * <p>A {@link io.clocktower.plan.Plan} and the devices there are make a {@link io.clocktower.plan.Schedule}, which is a
 * pure function of them; {@link io.clocktower.plan.Plans} runs it. Nothing of it is kept over a restart.
 */
package io.clocktower.plan;
