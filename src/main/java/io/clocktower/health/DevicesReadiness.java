package io.clocktower.health;

import io.clocktower.device.DeviceHost;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Map;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/**
 * Ready while every device can accept front-ends and every event loop moves; not once the service stops. It asks no loop and
 * waits for nothing, so the thread that accepted the call answers it.
 */
@Readiness
@ApplicationScoped
public class DevicesReadiness implements AsyncHealthCheck {

    /** A loop that is busy this long with one turn serves no other device. */
    static final Duration LATE = Duration.ofSeconds(2);

    private final DeviceHost devices;

    DevicesReadiness(DeviceHost devices) {
        this.devices = devices;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Uni.createFrom().item(this::response);
    }

    private HealthCheckResponse response() {
        HealthCheckResponseBuilder response = HealthCheckResponse.named("devices listen");
        if (devices.absence().isPresent()) {
            return response.down().withData("reason", devices.absence().get()).build();
        }
        if (devices.isDraining()) {
            return response.down().withData("reason", "the service is stopping").build();
        }
        Map<String, String> failures = devices.failures();
        boolean isLate = devices.loopsBusyFor().stream().anyMatch(busy -> busy.compareTo(LATE) > 0);
        response.status(failures.isEmpty() && !isLate).withData("devices", devices.specs().size());
        if (isLate) {
            response.withData("reason", "an event loop has not answered for %d s".formatted(LATE.toSeconds()));
        }
        failures.forEach(response::withData);
        return response.build();
    }
}
