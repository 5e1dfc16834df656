package io.clocktower;

import io.clocktower.config.Hosting;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;

/** The service once all of it has started: a successor takes over from its predecessor, and then it serves until it is stopped. */
public final class Service implements QuarkusApplication {

    private final Hosting hosting;

    Service(Hosting hosting) {
        this.hosting = hosting;
    }

    @Override
    public int run(String... arguments) {
        hosting.takeOver();
        Quarkus.waitForExit();
        return 0;
    }
}
