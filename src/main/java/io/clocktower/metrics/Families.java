package io.clocktower.metrics;

import io.clocktower.status.RequestDurations;
import io.clocktower.status.RequestDurations.Distribution;
import io.prometheus.client.Collector;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The samples of one scrape, grouped by metric. */
final class Families {

    private static final List<String> BOUNDS = Stream.concat(
            Arrays.stream(RequestDurations.boundsNs()).mapToObj(ns -> ns / Collector.NANOSECONDS_PER_SECOND),
            Stream.of(Double.POSITIVE_INFINITY)).map(Collector::doubleToGoString).toList();

    private final Map<Metric, List<Sample>> samples = new EnumMap<>(Metric.class);

    Families() {
        for (Metric metric : Metric.values()) {
            samples.put(metric, new ArrayList<>());
        }
    }

    /**
     * @param labels the labels' values, in the order of {@link Metric#labels}
     */
    void add(Metric metric, double value, String... labels) {
        add(metric, "", metric.labels(), List.of(labels), value);
    }

    void add(Metric metric, boolean is, String... labels) {
        add(metric, is ? 1 : 0, labels);
    }

    void add(Metric metric, Distribution durations, String... labels) {
        List<String> names = plus(metric.labels(), "le");
        for (int i = 0; i < BOUNDS.size(); i++) {
            add(metric, "_bucket", names, plus(List.of(labels), BOUNDS.get(i)), durations.upTo()[i]);
        }
        add(metric, "_count", metric.labels(), List.of(labels), durations.count());
        add(metric, "_sum", metric.labels(), List.of(labels), durations.sumNs() / Collector.NANOSECONDS_PER_SECOND);
    }

    private void add(Metric metric, String suffix, List<String> names, List<String> values, double value) {
        samples.get(metric).add(new Sample(metric.metricName() + suffix, names, values, value));
    }

    private static List<String> plus(List<String> list, String last) {
        return Stream.concat(list.stream(), Stream.of(last)).toList();
    }

    List<MetricFamilySamples> toList() {
        return samples.entrySet().stream()
                .map(family -> new MetricFamilySamples(family.getKey().metricName(), family.getKey().type(),
                        family.getKey().help(), family.getValue()))
                .toList();
    }
}
