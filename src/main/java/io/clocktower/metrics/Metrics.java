package io.clocktower.metrics;

import io.clocktower.device.DeviceHost;
import io.clocktower.webhook.Webhooks;
import io.micrometer.core.instrument.config.MeterFilter;
import io.prometheus.client.CollectorRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Puts the service's metrics beside those that Quarkus has of the JVM. */
@ApplicationScoped
public class Metrics {

    /**
     * Of Micrometer's meters those whose names are none for Prometheus: it wants seconds, not nanoseconds, and
     * {@code _count} of histograms alone. The first one's place takes {@code process_cpu_seconds_total}.
     */
    private static final Set<String> UNFIT = Set.of("process.cpu.time", "system.cpu.count");

    private final ClocktowerCollector collector;

    Metrics(DeviceHost devices, Webhooks webhooks,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        collector = new ClocktowerCollector(devices, webhooks::statuses, version);
    }

    void onStart(@Observes StartupEvent event, CollectorRegistry registry) {
        registry.register(collector);
    }

    /** The one that Micrometer writes to and that is scraped; by default Quarkus makes another for whoever asks. */
    @Produces
    @Singleton
    static CollectorRegistry registry() {
        return new CollectorRegistry(true);
    }

    @Produces
    @Singleton
    static MeterFilter withoutUnfit() {
        return MeterFilter.deny(id -> UNFIT.contains(id.getName()));
    }
}
