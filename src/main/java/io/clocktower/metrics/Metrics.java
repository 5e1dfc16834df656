package io.clocktower.metrics;

import io.clocktower.audit.CallCounts;
import io.clocktower.device.DeviceHost;
import io.clocktower.http.HttpConnections;
import io.clocktower.plan.Plans;
import io.clocktower.security.ServedCertificate;
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

/** Registers the metrics of the service with the registry in which Quarkus has those of the JVM. */
@ApplicationScoped
public class Metrics {

    /**
     * Meters of Micrometer whose names break Prometheus's rules: times are in seconds, and only histograms end in
     * {@code _count}. {@code process_cpu_seconds_total} replaces the first one.
     */
    private static final Set<String> UNFIT = Set.of("process.cpu.time", "system.cpu.count");

    private final ClocktowerCollector collector;

    Metrics(DeviceHost devices, Webhooks webhooks, HttpConnections connections, ServedCertificate certificate,
            CallCounts calls, Plans plans,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        collector = new ClocktowerCollector(devices, webhooks::statuses,
                () -> new HttpStatus(connections.count(), connections.limit(), connections.refused(),
                        certificate.expiry(), calls.counts()),
                plans::counts, version);
    }

    void onStart(@Observes StartupEvent event, CollectorRegistry registry) {
        registry.register(collector);
    }

    /** The registry that Micrometer uses and Prometheus scrapes. Without this method Quarkus would inject a different one. */
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
