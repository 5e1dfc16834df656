package io.clocktower.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of {@code docs/metrics.md} is what the collector shows. */
class MetricsPageTest {

    private static final Path PAGE = Path.of("docs", "metrics.md");
    private static final String WRITE = "mvn -B -q test -Dtest=MetricsPageTest -Dmetrics.write=true";

    @Test
    void theTableNamesEveryMetricAsItIsShown() throws Exception {
        List<String> table = Stream.concat(Stream.of("| metric | type | labels | |", "|---|---|---|---|"),
                Arrays.stream(Metric.values()).map(MetricsPageTest::row)).toList();
        List<String> page = Files.readAllLines(PAGE);
        if (Boolean.getBoolean("metrics.write")) {
            Files.write(PAGE, replaced(page, table));
        } else {
            assertEquals(table, page.stream().filter(MetricsPageTest::isRow).toList(),
                    PAGE + " is out of date; to update its table, run: " + WRITE);
        }
    }

    private static String row(Metric metric) {
        String labels = String.join(", ", metric.labels().stream().map(label -> "`" + label + "`").toList());
        return "| `%s` | %s | %s | %s |".formatted(metric.metricName(), metric.type().name().toLowerCase(Locale.ROOT),
                labels, metric.help());
    }

    private static boolean isRow(String line) {
        return line.startsWith("|");
    }

    private static List<String> replaced(List<String> page, List<String> table) {
        List<String> lines = new ArrayList<>(page);
        int at = lines.indexOf(lines.stream().filter(MetricsPageTest::isRow).findFirst().orElseThrow());
        lines.removeIf(MetricsPageTest::isRow);
        lines.addAll(at, table);
        return lines;
    }
}
