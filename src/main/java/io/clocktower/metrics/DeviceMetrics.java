package io.clocktower.metrics;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.DeviceCounters;
import io.clocktower.device.DeviceCounters.Event;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceSpec;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import java.util.Locale;

/** Registers the devices' counts. A scrape reads them where the loops keep them and disturbs no loop. */
@ApplicationScoped
public class DeviceMetrics {

    private static final double NS_A_SECOND = 1e9;

    private final MeterRegistry registry;
    private final DeviceHost devices;
    private final LeapSeconds leapSeconds;

    DeviceMetrics(MeterRegistry registry, DeviceHost devices, LeapSeconds leapSeconds) {
        this.registry = registry;
        this.devices = devices;
        this.leapSeconds = leapSeconds;
    }

    /** The devices are there by then: they are made at an earlier priority. */
    void onStart(@Observes @Priority(Interceptor.Priority.LIBRARY_AFTER) StartupEvent event) {
        devices.specs().forEach(this::register);
        Gauge.builder("clocktower.leap.table.expiry.timestamp", leapSeconds,
                table -> table.expiresAt().getEpochSecond())
                .description("When the leap second table in use expires, in seconds since 1970").baseUnit("seconds")
                .register(registry);
    }

    private void register(DeviceSpec spec) {
        DeviceCounters counters = devices.counters(spec.name()).orElseThrow();
        counters.forEachRequest((type, status, count) -> FunctionCounter
                .builder("clocktower.requests", counters, _ -> count.getAsLong())
                .description("Requests of the guest's driver, by how they ended").tag("device", spec.name())
                .tag("type", type).tag("status", status).register(registry));
        registerEvent(spec, counters, Event.CONNECTION_ACCEPTED, "clocktower.connections", "Front-ends that connected");
        registerEvent(spec, counters, Event.CONNECTION_REFUSED, "clocktower.connections.refused",
                "Front-ends refused because another was connected");
        registerEvent(spec, counters, Event.PROTOCOL_ERROR, "clocktower.protocol.errors",
                "vhost-user messages refused");
        registerEvent(spec, counters, Event.RING_ERROR, "clocktower.ring.errors",
                "Virtqueues broken by their driver");
        for (int id = 0; id < spec.clocks().size(); id++) {
            registerClock(spec, counters, id);
        }
    }

    private void registerEvent(DeviceSpec spec, DeviceCounters counters, Event event, String name,
            String description) {
        FunctionCounter.builder(name, counters, source -> source.count(event)).description(description)
                .tag("device", spec.name()).register(registry);
    }

    private void registerClock(DeviceSpec spec, DeviceCounters counters, int id) {
        String type = spec.clocks().get(id).type().name().toLowerCase(Locale.ROOT).replace('_', '-');
        FunctionCounter.builder("clocktower.clock.reads", counters, source -> source.reads(id))
                .description("Readings given to the guest").tag("device", spec.name())
                .tag("clock", Integer.toString(id)).tag("type", type).register(registry);
        Gauge.builder("clocktower.clock.last.read.timestamp", counters, source -> lastReadSeconds(source, id))
                .description("When the guest last read the clock, in seconds since 1970; NaN before the first time")
                .baseUnit("seconds").tag("device", spec.name()).tag("clock", Integer.toString(id)).tag("type", type)
                .register(registry);
    }

    private static double lastReadSeconds(DeviceCounters counters, int id) {
        var ns = counters.lastReadNs(id);
        return ns.isPresent() ? ns.getAsLong() / NS_A_SECOND : Double.NaN;
    }
}
