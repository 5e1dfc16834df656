package io.clocktower.metrics;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.Words;
import io.clocktower.device.DeviceHost;
import io.clocktower.fault.ClockReading;
import io.clocktower.fault.Faults;
import io.clocktower.host.HostStatus;
import io.clocktower.linux.Console;
import io.clocktower.loop.CommandWaits;
import io.clocktower.loop.LoopWatch;
import io.clocktower.plan.PlanCounts;
import io.clocktower.spec.Build;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.status.DeviceCounters;
import io.clocktower.status.DeviceCounters.AlarmEvent;
import io.clocktower.status.DeviceCounters.Event;
import io.clocktower.status.DeviceState;
import io.clocktower.webhook.WebhookStatus;
import io.prometheus.client.Collector;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Collects the metrics of a scrape, from counters that the event loops publish for any thread. It asks no loop, so a scrape
 * delays no guest and works while a loop hangs.
 */
final class ClocktowerCollector extends Collector implements Collector.Describable {

    private static final Build BUILD = Build.read();
    private static final List<DeviceState> STATES = List.of(DeviceState.WAITING, DeviceState.CONNECTING,
            DeviceState.CONNECTED, DeviceState.FAILED);

    private final DeviceHost devices;
    private final Supplier<List<WebhookStatus>> webhooks;
    private final Supplier<HttpStatus> http;
    private final Supplier<PlanCounts> plans;
    private final String version;

    ClocktowerCollector(DeviceHost devices, Supplier<List<WebhookStatus>> webhooks, Supplier<HttpStatus> http,
            Supplier<PlanCounts> plans, String version) {
        this.devices = devices;
        this.webhooks = webhooks;
        this.http = http;
        this.plans = plans;
        this.version = version;
    }

    /** The metrics without samples. */
    @Override
    public List<MetricFamilySamples> describe() {
        return new Families().toList();
    }

    @Override
    public List<MetricFamilySamples> collect() {
        var families = new Families();
        addService(families);
        addHttp(families, http.get());
        HostStatus host = devices.hostStatus();
        addHost(families, host);
        webhooks.get().forEach(webhook -> addWebhook(families, webhook));
        Map<DeviceState, Integer> states = new EnumMap<>(DeviceState.class);
        for (DeviceSpec spec : devices.specs()) {
            // Empty if the device was removed in the meantime.
            devices.counters(spec.name()).ifPresent(counters -> {
                states.merge(counters.state(), 1, Integer::sum);
                addDevice(families, spec.name(), counters);
                addClocks(families, spec, counters, host.realtimeNs());
            });
        }
        STATES.forEach(state -> families.add(Metric.DEVICES, states.getOrDefault(state, 0), Words.of(state)));
        return families.toList();
    }

    private void addService(Families families) {
        families.add(Metric.BUILD_INFO, 1, BUILD.commit(), System.getProperty("java.version"), version);
        ProcessHandle.current().info().totalCpuDuration()
                .ifPresent(cpu -> families.add(Metric.PROCESS_CPU, cpu.toNanos() / NANOSECONDS_PER_SECOND));
        families.add(Metric.CONSOLE_DROPPED, Console.droppedWrites());
        families.add(Metric.STATE_WRITE_FAILURES, devices.failedWrites());
        families.add(Metric.STATE_UNWRITTEN, devices.unkept().size());
        List<Integer> waiting = devices.waitingCommands();
        for (int loop = 0; loop < waiting.size(); loop++) {
            families.add(Metric.LOOP_WAITING_COMMANDS, waiting.get(loop), Integer.toString(loop));
        }
        List<Duration> busy = devices.loopsBusyFor();
        List<CommandWaits> waits = devices.commandWaits();
        List<LoopWatch.Late> late = devices.lateTurns();
        for (int loop = 0; loop < busy.size(); loop++) {
            String number = Integer.toString(loop);
            families.add(Metric.LOOP_BUSY, busy.get(loop).getSeconds() + busy.get(loop).getNano()
                    / NANOSECONDS_PER_SECOND, number);
            families.add(Metric.LOOP_LATE, late.get(loop).turns(), number);
            families.add(Metric.LOOP_COMMANDS, waits.get(loop).count(), number);
            families.add(Metric.LOOP_COMMAND_WAIT, waits.get(loop).totalNs() / NANOSECONDS_PER_SECOND, number);
        }
        PlanCounts plan = plans.get();
        families.add(Metric.PLANS_RUNNING, plan.running());
        families.add(Metric.PLAN_ITEMS, plan.injected(), "injected");
        families.add(Metric.PLAN_ITEMS, plan.failed(), "failed");
        families.add(Metric.HOST_CLOCK_STEPS, devices.clockWatch().count());
        families.add(Metric.HOST_CLOCK_LAST_STEP, devices.clockWatch().lastStepNs() / NANOSECONDS_PER_SECOND);
    }

    private static void addHttp(Families families, HttpStatus http) {
        Map<Integer, Long> refused = new TreeMap<>();
        http.calls().forEach((key, count) -> {
            families.add(Metric.HTTP_CALLS, count.sum(), key.method(),
                    key.route() + (key.isRefused() ? " (refused)" : ""),
                    Integer.toString(key.status()));
            if (key.isRefused()) {
                refused.merge(key.status(), count.sum(), Long::sum);
            }
        });
        refused.forEach(
                (status, count) -> families.add(Metric.HTTP_CALLS_REFUSED, count, Integer.toString(status)));
        families.add(Metric.HTTP_CONNECTIONS, http.connections());
        families.add(Metric.HTTP_CONNECTION_LIMIT, http.limit());
        families.add(Metric.HTTP_CONNECTIONS_REFUSED, http.refused());
        http.certificateExpiry()
                .ifPresent(expiry -> families.add(Metric.TLS_CERTIFICATE_EXPIRY, expiry.getEpochSecond()));
    }

    private static void addHost(Families families, HostStatus host) {
        host.discipline().ifPresent(discipline -> {
            families.add(Metric.HOST_SYNCHRONIZED, discipline.isSynchronized());
            families.add(Metric.HOST_MAX_ERROR, discipline.maxErrorNs() / NANOSECONDS_PER_SECOND);
            families.add(Metric.HOST_ESTIMATED_ERROR, discipline.estimatedErrorNs() / NANOSECONDS_PER_SECOND);
        });
        families.add(Metric.HOST_TAI_OFFSET, host.taiOffsetSeconds());
        families.add(Metric.HOST_TAI_OFFSET_WRONG, host.hasOtherTaiOffset());
        families.add(Metric.LEAP_TABLE_EXPIRY, host.leapSeconds().expiresAt().getEpochSecond());
    }

    private static void addWebhook(Families families, WebhookStatus webhook) {
        families.add(Metric.WEBHOOK_EVENTS, webhook.delivered(), "delivered", webhook.name());
        families.add(Metric.WEBHOOK_EVENTS, webhook.failed(), "failed", webhook.name());
        families.add(Metric.WEBHOOK_EVENTS, webhook.dropped(), "dropped", webhook.name());
        families.add(Metric.WEBHOOK_QUEUED, webhook.queued(), webhook.name());
    }

    private void addDevice(Families families, String device, DeviceCounters counters) {
        families.add(Metric.CONNECTED, counters.state() == DeviceState.CONNECTED, device);
        families.add(Metric.CONNECTIONS, counters.count(Event.CONNECTION_ACCEPTED), device);
        families.add(Metric.CONNECTIONS_REFUSED, counters.count(Event.CONNECTION_REFUSED), device);
        families.add(Metric.PROTOCOL_ERRORS, counters.count(Event.PROTOCOL_ERROR), device);
        families.add(Metric.RING_ERRORS, counters.count(Event.RING_ERROR), device);
        families.add(Metric.FAULTS_ACTIVE, devices.faults(device).map(Faults::activeCount).orElse(0L), device);
        counters.forEachRequest((type, status, count) -> families.add(Metric.REQUESTS, count.getAsLong(), device,
                status, type));
        // Most guests use few types of requests, and a histogram has twenty series.
        counters.forEachDuration((type, durations) -> {
            if (durations.count() > 0) {
                families.add(Metric.REQUEST_DURATION, durations, device, type);
            }
        });
    }

    private void addClocks(Families families, DeviceSpec spec, DeviceCounters counters, long nowNs) {
        for (ClockReading reading : devices.readings(spec.name())) {
            int id = reading.clockId();
            ClockSpec clock = spec.clocks().get(id);
            String[] labels = {Integer.toString(id), spec.name(), Words.of(clock.type())};
            families.add(Metric.CLOCK_OFFSET,
                    reading.offsetNs().map(ns -> ns.doubleValue() / NANOSECONDS_PER_SECOND).orElse(Double.NaN), labels);
            families.add(Metric.CLOCK_READS, counters.reads(id), labels);
            OptionalLong lastReadNs = counters.lastReadNs(id);
            if (lastReadNs.isPresent()) {
                long ns = lastReadNs.getAsLong();
                families.add(Metric.CLOCK_LAST_READ, ns / NANOSECONDS_PER_SECOND, labels);
                families.add(Metric.CLOCK_LAST_READ_AGE, Math.max(0, nowNs - ns) / NANOSECONDS_PER_SECOND, labels);
            }
            if (clock.alarm()) {
                addAlarm(families, counters, id, labels[0], labels[1]);
            }
        }
    }

    private static void addAlarm(Families families, DeviceCounters counters, int id, String... labels) {
        families.add(Metric.ALARMS_SET, counters.count(AlarmEvent.SET, id), labels);
        families.add(Metric.ALARMS_EXPIRED, counters.count(AlarmEvent.EXPIRED, id), labels);
        families.add(Metric.ALARMS_DELIVERED, counters.count(AlarmEvent.DELIVERED, id), labels);
        families.add(Metric.ALARMS_FORCED, counters.count(AlarmEvent.FORCED, id), labels);
        families.add(Metric.ALARMS_PENDING, counters.isAlarmPending(id), labels);
        families.add(Metric.ALARMS_WAITING, counters.isAlarmWaiting(id), labels);
        // The device sends no other notifications.
        families.add(Metric.NOTIFICATIONS, counters.count(AlarmEvent.DELIVERED, id), labels);
    }
}
