package io.clocktower.health;

import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceState;
import io.clocktower.device.DeviceStatus;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/** Ready when every device's socket listens, and no more once the service stops. Names the devices that failed. */
@Readiness
@ApplicationScoped
public class DevicesReadiness implements HealthCheck {

    private static final long DEADLINE_MS = 2_000;

    private final DeviceHost devices;

    DevicesReadiness(DeviceHost devices) {
        this.devices = devices;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder response = HealthCheckResponse.named("devices listen");
        if (devices.isDraining()) {
            return response.down().withData("reason", "the service is stopping").build();
        }
        try {
            List<DeviceStatus> statuses = devices.statuses(_ -> true).get(DEADLINE_MS, TimeUnit.MILLISECONDS);
            response.up().withData("devices", statuses.size());
            for (DeviceStatus status : statuses) {
                if (status.state() == DeviceState.FAILED) {
                    response.down().withData(status.name(), status.reason().orElse("failed"));
                }
            }
        } catch (Exception e) {
            return response.down().withData("reason", "an event loop does not answer").build();
        }
        return response.build();
    }
}
