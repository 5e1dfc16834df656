package io.clocktower.health;

import io.clocktower.device.DeviceHost;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;

/** Alive while every event loop answers. */
@Liveness
@ApplicationScoped
public class EventLoopsLiveness implements HealthCheck {

    private static final long DEADLINE_MS = 2_000;

    private final DeviceHost devices;

    EventLoopsLiveness(DeviceHost devices) {
        this.devices = devices;
    }

    @Override
    public HealthCheckResponse call() {
        HealthCheckResponseBuilder response = HealthCheckResponse.named("event loops answer");
        List<CompletableFuture<Boolean>> pulses = devices.pulses();
        try {
            for (CompletableFuture<Boolean> pulse : pulses) {
                pulse.get(DEADLINE_MS, TimeUnit.MILLISECONDS);
            }
            return response.up().withData("loops", pulses.size()).build();
        } catch (Exception e) {
            return response.down().withData("reason", "an event loop does not answer").build();
        }
    }
}
