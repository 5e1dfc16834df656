package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvents;
import io.clocktower.host.ClockSteps;
import io.clocktower.spec.Durations;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Says when the host's wall clock was stepped, in the log and as an event, and counts it. Guests see the step at once, because
 * their clocks are the host's. One thread looks; any may ask.
 */
public final class HostClockWatch {

    private static final Logger LOG = Logger.getLogger(HostClockWatch.class);

    private final HostClock host;
    private final DeviceEvents events;
    private final ClockSteps steps;
    private volatile boolean isWatching;
    private volatile long count;
    private volatile long lastStepNs;

    HostClockWatch(HostClock host, DeviceEvents events) {
        this.host = host;
        this.events = events;
        steps = new ClockSteps(host);
    }

    /** From now on {@link #look} looks. */
    void begin() {
        isWatching = true;
    }

    void look() {
        if (!isWatching) {
            return;
        }
        steps.look().ifPresent(stepNs -> {
            lastStepNs = stepNs;
            count = count + 1;
            String detail = "the host's clock was stepped by %s%s".formatted(stepNs > 0 ? "+" : "",
                    Durations.text(Duration.ofNanos(stepNs)));
            LOG.warn(detail + "; all guests see it");
            events.publish(DeviceEvent.ofHost(host, DeviceEvent.Type.HOST_CLOCK_STEPPED, detail)
                    .to(Duration.ofNanos(stepNs).toString()));
        });
    }

    /** How many steps there were. */
    public long count() {
        return count;
    }

    /** The size of the last one, positive if the clock was set ahead; 0 if there was none. */
    public long lastStepNs() {
        return lastStepNs;
    }
}
