package io.clocktower.plan;

import io.clocktower.device.DeviceChanges.Changed;

/** Receives what plans change of devices, on the threads that do it. */
@FunctionalInterface
public interface PlanObserver {

    /** Ignores everything. */
    PlanObserver NONE = (_, _) -> {};

    /**
     * @param actor the operator and the plan
     */
    void onChanged(String actor, Changed change);
}
