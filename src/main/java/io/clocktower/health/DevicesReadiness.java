package io.clocktower.health;

import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceState;
import io.clocktower.device.DeviceStatus;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready when every device's socket listens. */
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
        var response = HealthCheckResponse.named("devices listen").up();
        for (CompletableFuture<DeviceStatus> pending : devices.statuses()) {
            try {
                DeviceStatus status = pending.get(DEADLINE_MS, TimeUnit.MILLISECONDS);
                response.withData(status.name(), status.state().name().toLowerCase(Locale.ROOT));
                if (status.state() == DeviceState.FAILED) {
                    response.down();
                }
            } catch (Exception e) {
                return response.down().withData("reason", "an event loop does not answer").build();
            }
        }
        return response.build();
    }
}
