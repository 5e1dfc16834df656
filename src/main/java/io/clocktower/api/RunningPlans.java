package io.clocktower.api;

import io.clocktower.device.DeviceHost;
import io.clocktower.plan.Plans;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;

/**
 * Creates the plans of the service, takes up those that were kept once the devices are there, and lets them rest when it
 * begins to stop, before the devices drain.
 */
@ApplicationScoped
public class RunningPlans {

    private static final int FIRST = 1;
    private static final int AFTER_DEVICES = Interceptor.Priority.APPLICATION + 1_500;

    private final Plans plans;

    RunningPlans(DeviceHost devices, ChangeLog log) {
        plans = Plans.over(devices, log::changed);
    }

    @Produces
    @Singleton
    Plans plans() {
        return plans;
    }

    void onStart(@Observes @Priority(AFTER_DEVICES) StartupEvent event) {
        plans.restore();
    }

    void onStopping(@Observes @Priority(FIRST) ShutdownDelayInitiatedEvent event) {
        plans.close();
    }

    /** If there is no shutdown delay. */
    void onStop(@Observes @Priority(FIRST) ShutdownEvent event) {
        plans.close();
    }
}
