package io.clocktower.health;

import io.clocktower.device.DeviceHost;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/**
 * Names the devices whose state could not be written to disk. Such a service is still ready: it serves its guests, and
 * can restore true time.
 */
@Readiness
@ApplicationScoped
public class StateReadiness implements HealthCheck {

    private final DeviceHost devices;

    StateReadiness(DeviceHost devices) {
        this.devices = devices;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder response = HealthCheckResponse.named("state is on disk").up();
        devices.unkept().forEach(response::withData);
        return response.build();
    }
}
