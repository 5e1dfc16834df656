package io.clocktower.health;

import io.clocktower.device.DeviceHost;
import io.clocktower.loop.LoopWatch;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;

/**
 * Alive until no event loop has moved for a minute. A restart takes the clock away from every virtual machine that is
 * connected, so it must be certain that it helps.
 */
@Liveness
@ApplicationScoped
public class EventLoopsLiveness implements AsyncHealthCheck {

    static final Duration STUCK = Duration.ofMinutes(1);

    private final DeviceHost devices;

    EventLoopsLiveness(DeviceHost devices) {
        this.devices = devices;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Uni.createFrom().item(() -> response(devices.loopsBusyFor(), devices.lateTurns()));
    }

    /**
     * @param busyFor how long each loop has been busy with one turn
     * @param late what was late of each loop
     */
    static HealthCheckResponse response(List<Duration> busyFor, List<LoopWatch.Late> late) {
        HealthCheckResponseBuilder response = HealthCheckResponse.named("event loops answer");
        long stuck = busyFor.stream().filter(busy -> busy.compareTo(STUCK) > 0).count();
        response.status(stuck < busyFor.size()).withData("loops", busyFor.size());
        if (stuck > 0) {
            response.withData("reason", "%d of %d event loops have not moved for %d s".formatted(stuck,
                    busyFor.size(), STUCK.toSeconds()));
        }
        long turns = late.stream().mapToLong(LoopWatch.Late::turns).sum();
        if (turns > 0) {
            response.withData("late", "%d turns took longer than %d ms".formatted(turns, LoopWatch.LATE.toMillis()));
        }
        return response.build();
    }
}
