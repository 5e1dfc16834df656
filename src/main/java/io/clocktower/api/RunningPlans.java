package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.plan.Plans;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** The life of the plans in this service: they end as soon as it begins to stop, before the devices drain. */
@ApplicationScoped
public class RunningPlans {

    private static final int FIRST = 1;

    private final Plans plans;

    RunningPlans(DeviceHost devices) {
        plans = Plans.over(devices);
    }

    @Produces
    @Singleton
    Plans plans() {
        return plans;
    }

    void onStopping(@Observes @Priority(FIRST) ShutdownDelayInitiatedEvent event) {
        plans.close();
    }

    /** Where there is no delay. */
    void onStop(@Observes @Priority(FIRST) ShutdownEvent event) {
        plans.close();
    }
}
