/**
 * Plans: timed faults over devices that are selected by label, drawn from a seed so that a run can be repeated.
 *
 * <p>A {@link io.clocktower.plan.Plan} and the present devices give a {@link io.clocktower.plan.Schedule}, which is a pure
 * function of them; {@link io.clocktower.plan.Plans} runs it. Plans do not survive a restart, but their ids never come
 * again.
 */
package io.clocktower.plan;
