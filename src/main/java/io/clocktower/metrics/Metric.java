package io.clocktower.metrics;

import static io.prometheus.client.Collector.Type.COUNTER;
import static io.prometheus.client.Collector.Type.GAUGE;
import static io.prometheus.client.Collector.Type.HISTOGRAM;

import io.prometheus.client.Collector.Type;
import java.util.List;

/** The metrics, in the order of {@code docs/metrics.md}. Counters start at 0 when the service starts. */
enum Metric {

    // @formatter:off
    BUILD_INFO(GAUGE, "clocktower_build_info", "Always 1; the labels have the version of Clocktower, the commit that it was built from, and the version of Java", "commit", "java", "version"),
    PROCESS_CPU(COUNTER, "process_cpu_seconds_total", "CPU time used by the process, in seconds"),
    LOOP_WAITING_COMMANDS(GAUGE, "clocktower_event_loop_waiting_commands",
            "Commands waiting for an event loop; 0 if the loop keeps up", "loop"),
    LOOP_BUSY(GAUGE, "clocktower_event_loop_busy_seconds",
            "How long an event loop has been busy with its present turn, in seconds; 0 while it waits", "loop"),
    LOOP_LATE(COUNTER, "clocktower_event_loop_late_turns_total",
            "Turns of an event loop that took longer than 100 ms, in which other devices waited", "loop"),
    LOOP_COMMANDS(COUNTER, "clocktower_event_loop_commands_total", "Commands that an event loop has run", "loop"),
    LOOP_COMMAND_WAIT(COUNTER, "clocktower_event_loop_command_wait_seconds_total",
            "Time that these commands waited for the event loop, in seconds: the delay of the loop is this divided by their number", "loop"),

    CONSOLE_DROPPED(COUNTER, "clocktower_console_dropped_writes_total",
            "Writes to standard output or standard error that were dropped because its reader did not keep up"),
    STATE_WRITE_FAILURES(COUNTER, "clocktower_state_write_failures_total",
            "Failed writes of devices' state to disk; each is retried"),
    STATE_UNWRITTEN(GAUGE, "clocktower_state_unwritten_devices",
            "Devices whose last write to disk failed; a restart can bring back an old state of them"),

    HTTP_CALLS(COUNTER, "clocktower_http_calls_total",
            "HTTP calls by method, path of the resource and status of the answer; other paths together are other", "method", "route", "status"),
    HTTP_CALLS_REFUSED(COUNTER, "clocktower_http_calls_refused_total",
            "HTTP calls that were refused before they came to a resource, by status of the answer; they are counted as calls too", "status"),
    HTTP_CONNECTIONS(GAUGE, "clocktower_http_connections", "Open HTTP connections"),
    HTTP_CONNECTION_LIMIT(GAUGE, "clocktower_http_connections_limit",
            "How many HTTP connections may be open at a time"),
    HTTP_CONNECTIONS_REFUSED(COUNTER, "clocktower_http_connections_refused_total",
            "HTTP connections that were refused because all were in use"),
    TLS_CERTIFICATE_EXPIRY(GAUGE, "clocktower_tls_certificate_expiry_timestamp_seconds",
            "When the certificate that HTTPS serves expires, in seconds since 1970; absent without TLS"),

    DEVICES(GAUGE, "clocktower_devices",
            "Devices by state: waiting for a front-end, connecting to one, connected, or failed", "state"),
    CONNECTED(GAUGE, "clocktower_connected", "1 if a front-end is connected, otherwise 0", "device"),
    CONNECTIONS(COUNTER, "clocktower_connections_total", "Connections accepted from front-ends", "device"),
    CONNECTIONS_REFUSED(COUNTER, "clocktower_connections_refused_total",
            "Connections rejected because another front-end was connected", "device"),
    PROTOCOL_ERRORS(COUNTER, "clocktower_protocol_errors_total", "Invalid vhost-user messages from front-ends", "device"),
    RING_ERRORS(COUNTER, "clocktower_ring_errors_total", "Times that a virtqueue was marked broken because of an error of the driver", "device"),

    REQUESTS(COUNTER, "clocktower_requests_total", "Requests of the guest's driver, by type and by status of the answer",
            "device", "status", "type"),
    REQUEST_DURATION(HISTOGRAM, "clocktower_request_duration_seconds",
            "Time from taking a request from the available ring to putting it into the used ring, in seconds; a type"
            + " appears with its first request", "device", "type"),
    CLOCK_READS(COUNTER, "clocktower_clock_reads_total", "Readings of the clock that the guest has received", "clock", "device", "type"),
    CLOCK_LAST_READ(GAUGE, "clocktower_clock_last_read_timestamp_seconds",
            "When the guest last read the clock, in seconds since 1970; absent before the first reading",
            "clock", "device", "type"),
    CLOCK_LAST_READ_AGE(GAUGE, "clocktower_clock_last_read_age_seconds",
            "Seconds since the guest last read the clock; absent before the first reading",
            "clock", "device", "type"),
    CLOCK_OFFSET(GAUGE, "clocktower_clock_offset_seconds",
            "Served time minus true time of the clock, in seconds; NaN if the clock cannot be read",
            "clock", "device", "type"),
    FAULTS_ACTIVE(GAUGE, "clocktower_faults_active", "Number of active faults", "device"),

    ALARMS_SET(COUNTER, "clocktower_alarms_set_total",
            "Times that the guest's driver set, enabled or disabled the alarm of the clock", "clock", "device"),
    ALARMS_EXPIRED(COUNTER, "clocktower_alarms_expired_total", "Expirations of the alarm of the clock", "clock", "device"),
    ALARMS_DELIVERED(COUNTER, "clocktower_alarms_delivered_total",
            "Expirations of the alarm that the guest was notified of", "clock", "device"),
    ALARMS_FORCED(COUNTER, "clocktower_alarms_forced_total",
            "Times that an operator expired the alarm; not counted as expirations", "clock", "device"),
    ALARMS_PENDING(GAUGE, "clocktower_alarms_pending",
            "1 if the guest is still to be notified: the alarm is enabled and not yet due, or an expiration is waiting;"
            + " otherwise 0", "clock", "device"),
    ALARMS_WAITING(GAUGE, "clocktower_alarms_waiting",
            "1 if an expiration of the alarm is waiting for a buffer or for a driver, otherwise 0", "clock", "device"),
    NOTIFICATIONS(COUNTER, "clocktower_notifications_total", "Notifications written to the guest's alarmq",
            "clock", "device"),

    PLANS_RUNNING(GAUGE, "clocktower_plans_running", "Plans that are running"),
    PLAN_ITEMS(COUNTER, "clocktower_plan_items_total", "Items of plans by outcome: injected or failed", "outcome"),

    WEBHOOK_EVENTS(COUNTER, "clocktower_webhook_events_total",
            "Events for a webhook: delivered, failed, or dropped because too many were waiting", "outcome", "webhook"),
    WEBHOOK_QUEUED(GAUGE, "clocktower_webhook_queued_events", "Events waiting to be sent to a webhook", "webhook"),

    HOST_SYNCHRONIZED(GAUGE, "clocktower_host_clock_synchronized",
            "1 if the kernel reports its clock as synchronized, otherwise 0; absent if the kernel cannot be asked"),
    HOST_MAX_ERROR(GAUGE, "clocktower_host_clock_max_error_seconds",
            "Largest possible error of the host's clock, as the kernel reports it, in seconds; absent if the kernel"
            + " cannot be asked"),
    HOST_ESTIMATED_ERROR(GAUGE, "clocktower_host_clock_estimated_error_seconds",
            "Estimated error of the host's clock, as the kernel reports it, in seconds; absent if the kernel cannot be"
            + " asked"),
    HOST_CLOCK_STEPS(COUNTER, "clocktower_host_clock_steps_total", "Times that the host's wall clock was stepped by 0.1 s or more"),
    HOST_CLOCK_LAST_STEP(GAUGE, "clocktower_host_clock_last_step_seconds",
            "Size of the last of these steps, in seconds, positive if the clock was set ahead; 0 if there was none"),
    HOST_TAI_OFFSET(GAUGE, "clocktower_host_tai_offset_seconds", "TAI minus UTC, as the devices use it, in seconds"),
    HOST_TAI_OFFSET_WRONG(GAUGE, "clocktower_host_tai_offset_disagreement",
            "1 if the kernel's TAI offset is set and differs from that of the leap second table, which devices serve"),
    LEAP_TABLE_EXPIRY(GAUGE, "clocktower_leap_table_expiry_timestamp_seconds",
            "When the leap second table expires, in seconds since 1970");
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

    /** Its name in Prometheus. */
    String metricName() {
        return metricName;
    }

    String help() {
        return help;
    }

    /** The names of its labels, in the order in which {@link Families#add} takes their values. */
    List<String> labels() {
        return labels;
    }
}
