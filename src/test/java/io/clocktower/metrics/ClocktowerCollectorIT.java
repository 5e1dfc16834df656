package io.clocktower.metrics;

import static io.clocktower.frontend.Requests.CFG;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.head;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.setAlarm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.device.Devices;
import io.clocktower.device.ManualHostClock;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import io.clocktower.plan.PlanCounts;
import io.clocktower.status.DeviceState;
import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a scrape shows of devices that front-ends use. */
class ClocktowerCollectorIT {

    private static final int ENABLED = 1;
    private static final long SECOND = 1_000_000_000;
    private static final String ALARM = "{clock=0, device=vm0}";

    private Devices devices;
    private ClocktowerCollector collector;

    @BeforeEach
    void host() throws Exception {
        devices = new Devices("vm0");
        collector = new ClocktowerCollector(devices.host(), List::of,
                () -> new HttpStatus(3, 1_000, 2, Optional.of(Instant.ofEpochSecond(4)), Map.of()),
                () -> new PlanCounts(1, 2, 3), "1");
    }

    @AfterEach
    void close() throws Exception {
        devices.close();
    }

    @Test
    void eachSampleHasTheNameAndTheLabelsThatItsMetricDeclares() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"))) {
            guest.request(ofClock(READ, 0), 16);
            for (var family : collector.collect()) {
                Metric metric = List.of(Metric.values()).stream()
                        .filter(it -> it.metricName().replaceFirst("_total$", "").equals(family.name)).findFirst()
                        .orElseThrow();
                for (Sample sample : family.samples) {
                    assertTrue(sample.name.startsWith(metric.metricName()), sample::toString);
                    assertEquals(metric.labels(), sample.labelNames.subList(0, metric.labels().size()));
                    assertEquals(sample.labelNames.size(), sample.labelValues.size());
                }
            }
        }
    }

    @Test
    void aDeviceThatIsMadeLaterIsThere() throws Exception {
        assertEquals(List.of("{device=vm0}=0.0"), samples("clocktower_connected"));
        devices.create("vm1", ClockSpec.DEFAULTS, Duration.ZERO);
        assertEquals(List.of("{device=vm0}=0.0", "{device=vm1}=0.0"), samples("clocktower_connected"));
    }

    @Test
    void aConnectionIsSeenWithoutAskingTheLoop() throws Exception {
        assertEquals(
                List.of("{state=waiting}=1.0", "{state=connecting}=0.0", "{state=connected}=0.0", "{state=failed}=0.0"),
                samples("clocktower_devices"));
        try (var guest = new Guest(devices.socket("vm0"))) {
            assertEquals(List.of("{device=vm0}=1.0"), samples("clocktower_connected"));
            assertEquals(
                    List.of("{state=waiting}=0.0", "{state=connecting}=0.0", "{state=connected}=1.0",
                            "{state=failed}=0.0"),
                    samples("clocktower_devices"));
            assertEquals(OK, guest.request(head(CFG), 16).status());
        }
        devices.await("vm0", status -> status.state() == DeviceState.WAITING);
        assertEquals(List.of("{device=vm0}=0.0"), samples("clocktower_connected"));
        assertEquals(List.of("{device=vm0}=1.0"), samples("clocktower_connections_total"));
    }

    @Test
    void requestsAreCountedByHowLongTheyTook() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"))) {
            for (int i = 0; i < 5; i++) {
                guest.request(ofClock(READ, 1), 16);
            }
            guest.request(head(CFG), 16);
            // The response is there a moment before it is counted; what the loop answers next comes after both.
            devices.status("vm0");

            assertEquals(List.of("{device=vm0, type=read}=5.0", "{device=vm0, type=cfg}=1.0"),
                    samples("clocktower_request_duration_seconds_count"));
            assertEquals(5, value("clocktower_request_duration_seconds_bucket", "{device=vm0, type=read, le=+Inf}"));
            double sum = value("clocktower_request_duration_seconds_sum", "{device=vm0, type=read}");
            assertTrue(sum > 0 && sum < 10, () -> sum + " s");
        }
    }

    @Test
    void theAgeOfAReadingGrowsUntilTheNext() throws Exception {
        assertEquals(List.of(), samples("clocktower_clock_last_read_age_seconds"));
        try (var guest = new Guest(devices.socket("vm0"))) {
            guest.request(ofClock(READ, 1), 16);
            assertEquals(List.of("{clock=1, device=vm0, type=tai}=0.0"),
                    samples("clocktower_clock_last_read_age_seconds"));
            devices.clock().advance(5 * SECOND);
            assertEquals(List.of("{clock=1, device=vm0, type=tai}=5.0"),
                    samples("clocktower_clock_last_read_age_seconds"));
            assertEquals(ManualHostClock.UTC_NS / 1e9, value("clocktower_clock_last_read_timestamp_seconds",
                    "{clock=1, device=vm0, type=tai}"));
        }
    }

    @Test
    void anAlarmIsPendingUntilItIsDelivered() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"), Guest.FEATURES | Alarmq.F_ALARM, 256, 0);
                var alarmq = new Alarmq(guest)) {
            assertAlarm(0, 0, 0, 0, 0);
            assertEquals(OK, guest
                    .request(setAlarm(0, devices.clock().realtimeNs() + SECOND, ENABLED), 8).status());
            assertAlarm(1, 0, 0, 1, 0);

            devices.clock().advance(2 * SECOND);
            devices.await("vm0", status -> status.clocks().getFirst().alarm().orElseThrow().isWaiting());
            assertAlarm(1, 1, 0, 1, 1);

            alarmq.makeAvailable();
            assertEquals(0, alarmq.awaitNotification());
            devices.status("vm0");
            assertAlarm(1, 1, 1, 0, 0);
            assertEquals(1, value("clocktower_notifications_total", ALARM));
        }
    }

    private void assertAlarm(int set, int expired, int delivered, int pending, int waiting) {
        assertEquals(List.of(set, expired, delivered, pending, waiting),
                List.of("set_total", "expired_total", "delivered_total", "pending", "waiting").stream()
                        .map(name -> (int) value("clocktower_alarms_" + name, ALARM)).toList());
    }

    private double value(String name, String labels) {
        return Double.parseDouble(samples(name).stream().filter(sample -> sample.startsWith(labels + "=")).findFirst()
                .orElseThrow().substring(labels.length() + 1));
    }

    /** Each as {@code {name=value, ...}=value}. */
    private List<String> samples(String name) {
        return collector.collect().stream().flatMap(family -> family.samples.stream())
                .filter(sample -> sample.name.equals(name)).map(ClocktowerCollectorIT::text).toList();
    }

    private static String text(Sample sample) {
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < sample.labelNames.size(); i++) {
            labels.add(sample.labelNames.get(i) + "=" + sample.labelValues.get(i));
        }
        return "{" + String.join(", ", labels) + "}=" + sample.value;
    }
}
