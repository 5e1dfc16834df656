package io.clocktower.metrics;

import static io.prometheus.client.Collector.Type.COUNTER;
import static io.prometheus.client.Collector.Type.GAUGE;
import static io.prometheus.client.Collector.Type.HISTOGRAM;

import io.prometheus.client.Collector.Type;
import java.util.List;

/** The metrics, in the order of {@code docs/metrics.md}. Counters begin with the service, not with the device's guest. */
enum Metric {

    // @formatter:off
    BUILD_INFO(GAUGE, "clocktower_build_info", "Always 1; which release runs on which Java", "java", "version"),
    PROCESS_CPU(COUNTER, "process_cpu_seconds_total", "Processor time that the process took, in seconds"),
    LOOP_WAITING_COMMANDS(GAUGE, "clocktower_event_loop_waiting_commands",
            "Commands that wait for an event loop; one that does its work leaves none waiting", "loop"),

    DEVICES(GAUGE, "clocktower_devices",
            "Devices by state: waiting for a front-end, connected to one, or failed to listen for one", "state"),
    CONNECTED(GAUGE, "clocktower_connected", "Whether a front-end is connected", "device"),
    CONNECTIONS(COUNTER, "clocktower_connections_total", "Front-ends that connected", "device"),
    CONNECTIONS_REFUSED(COUNTER, "clocktower_connections_refused_total",
            "Front-ends refused because another was connected", "device"),
    PROTOCOL_ERRORS(COUNTER, "clocktower_protocol_errors_total", "vhost-user messages refused", "device"),
    RING_ERRORS(COUNTER, "clocktower_ring_errors_total", "Virtqueues broken by their driver", "device"),

    REQUESTS(COUNTER, "clocktower_requests_total", "Requests of the guest's driver, by how they ended",
            "device", "status", "type"),
    REQUEST_DURATION(HISTOGRAM, "clocktower_request_duration_seconds",
            "How long the device took over a request, from the available ring to the used ring, in seconds; a type's"
            + " series are there from its first request", "device", "type"),
    CLOCK_READS(COUNTER, "clocktower_clock_reads_total", "Readings given to the guest", "clock", "device", "type"),
    CLOCK_LAST_READ(GAUGE, "clocktower_clock_last_read_timestamp_seconds",
            "When the guest last read the clock, in seconds since 1970; not there before the first time",
            "clock", "device", "type"),
    CLOCK_LAST_READ_AGE(GAUGE, "clocktower_clock_last_read_age_seconds",
            "Seconds since the guest last read the clock; not there before the first time",
            "clock", "device", "type"),
    CLOCK_OFFSET(GAUGE, "clocktower_clock_offset_seconds",
            "How far the clock leads the guest from true time, in seconds: what it shows less what is true",
            "clock", "device", "type"),
    FAULTS_ACTIVE(GAUGE, "clocktower_faults_active", "Faults that are injected now", "device"),

    ALARMS_SET(COUNTER, "clocktower_alarms_set_total",
            "How often the guest's driver set the clock's alarm, or enabled or disabled it", "clock", "device"),
    ALARMS_EXPIRED(COUNTER, "clocktower_alarms_expired_total", "Expirations of the clock's alarm", "clock", "device"),
    ALARMS_DELIVERED(COUNTER, "clocktower_alarms_delivered_total",
            "Expirations of the clock's alarm that the guest was notified of", "clock", "device"),
    ALARMS_FORCED(COUNTER, "clocktower_alarms_forced_total",
            "How often an operator had the clock's alarm expire; not among the expirations", "clock", "device"),
    ALARMS_PENDING(GAUGE, "clocktower_alarms_pending",
            "Whether the guest is to be notified of the clock's alarm: it is enabled and its time lies ahead, or an"
            + " expiration waits", "clock", "device"),
    ALARMS_WAITING(GAUGE, "clocktower_alarms_waiting",
            "Whether an expiration of the clock's alarm waits for a buffer or for a driver", "clock", "device"),
    NOTIFICATIONS(COUNTER, "clocktower_notifications_total", "Notifications put into the guest's alarmq",
            "clock", "device"),

    WEBHOOK_EVENTS(COUNTER, "clocktower_webhook_events_total",
            "Events for a webhook: delivered, failed, or dropped to make room for newer ones", "outcome", "webhook"),
    WEBHOOK_QUEUED(GAUGE, "clocktower_webhook_queued_events", "Events that wait for a webhook", "webhook"),

    HOST_SYNCHRONIZED(GAUGE, "clocktower_host_clock_synchronized",
            "Whether the kernel says that its clock is synchronized; not there where it may not be asked"),
    HOST_MAX_ERROR(GAUGE, "clocktower_host_clock_max_error_seconds",
            "How far the host's clock is off at most, as the kernel says, in seconds; not there where it may not be"
            + " asked"),
    HOST_ESTIMATED_ERROR(GAUGE, "clocktower_host_clock_estimated_error_seconds",
            "How far the host's clock is probably off, as the kernel says, in seconds; not there where it may not be"
            + " asked"),
    HOST_TAI_OFFSET(GAUGE, "clocktower_host_tai_offset_seconds", "TAI less UTC, as the devices have it, in seconds"),
    LEAP_TABLE_EXPIRY(GAUGE, "clocktower_leap_table_expiry_timestamp_seconds",
            "When the leap second table in use expires, in seconds since 1970");
    // @formatter:on

    private final Type type;
    private final String metricName;
    private final String help;
    private final List<String> labels;

    Metric(Type type, String metricName, String help, String... labels) {
        this.type = type;
        this.metricName = metricName;
        this.help = help;
        this.labels = List.of(labels);
    }

    Type type() {
        return type;
    }

    /** As Prometheus knows it. */
    String metricName() {
        return metricName;
    }

    String help() {
        return help;
    }

    /** The names of its labels, in the order in which {@link Families} takes their values. */
    List<String> labels() {
        return labels;
    }
}
