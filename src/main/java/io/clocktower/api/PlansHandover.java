package io.clocktower.api;

import io.clocktower.handover.HandoverPart;
import io.clocktower.handover.PartJson;
import io.clocktower.plan.KeptPlan;
import io.clocktower.plan.PlanFile;
import io.clocktower.plan.PlanState;
import io.clocktower.plan.PlanStatus;
import io.clocktower.plan.Plans;
import io.clocktower.plan.Schedule;
import io.clocktower.fault.FaultRequest;
import io.quarkus.runtime.annotations.RegisterForReflection;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.util.List;

/** The plans and their progress, for a successor. */
@Singleton
@RegisterForReflection(targets = {PlansHandover.State.class, KeptPlan.class, KeptPlan.KeptStep.class,
        KeptPlan.Label.class,
        KeptPlan.KeptItem.class, KeptPlan.KeptRecurrence.class, PlanStatus.Runs.class, PlanFile.class,
        Schedule.Item.class, FaultRequest.class, PlanState.class, PlanStatus.ItemState.class})
final class PlansHandover implements HandoverPart {

    private final Plans plans;

    PlansHandover(Plans plans) {
        this.plans = plans;
    }

    record State(List<KeptPlan> plans) {}

    @Override
    public String name() {
        return "plans";
    }

    @Override
    public void freeze() {
        plans.freeze();
    }

    @Override
    public byte[] state() {
        return PartJson.write(new State(plans.kept()));
    }

    @Override
    public void thaw() {
        plans.thaw();
    }

    @Override
    public void resume(byte[] frozen) throws IOException {
        plans.restore(PartJson.read(frozen, State.class).plans());
    }

    @Override
    public void proceed() {
        plans.thaw();
    }
}
