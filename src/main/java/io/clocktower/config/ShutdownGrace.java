package io.clocktower.config;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** How long connected virtual machines are still served after SIGTERM. Thread-safe. */
@ApplicationScoped
public class ShutdownGrace {

    private final ClocktowerConfig config;
    private volatile Duration least = Duration.ZERO;

    ShutdownGrace(ClocktowerConfig config) {
        this.config = config;
    }

    /** Makes it this long, unless the configuration asks for more. */
    public void atLeast(Duration duration) {
        least = duration;
    }

    public Duration duration() {
        return config.shutdownGrace().compareTo(least) > 0 ? config.shutdownGrace() : least;
    }
}
