package io.clocktower.benchmark;

import io.clocktower.app.Directories;
import io.clocktower.app.PackagedApplication;
import io.clocktower.guest.GuestVm;
import io.clocktower.guest.GuestStack;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * How long a reading of {@code /dev/ptp} takes in a Linux guest without hardware virtualization: of a device with the
 * default settings, and of one that never polls. The two guests take turns.
 *
 * <pre>
 * mvn -B -q -DskipTests package exec:exec@benchmark -Dbenchmark=GuestReads
 * </pre>
 */
public final class GuestReads {

    private static final int ROUNDS = 9;
    private static final int READINGS = 3_000;
    private static final String POLLED = "polled";
    private static final String ASLEEP = "asleep";

    private GuestReads() {}

    public static void main(String... arguments) throws Exception {
        Path directory = Files.createTempDirectory("clocktower-benchmark");
        try (var _ = PackagedApplication.start(directory, Map.of("clocktower.socket-dir", directory.toString(),
                "clocktower.shutdown-grace", "0s", "clocktower.devices." + POLLED + ".labels.role", "default",
                "clocktower.devices." + ASLEEP + ".poll-window", "0s"));
                var polled = boot(directory, POLLED);
                var asleep = boot(directory, ASLEEP)) {
            double[] defaults = new double[ROUNDS];
            double[] sleeping = new double[ROUNDS];
            double[] ratios = new double[ROUNDS];
            // The first is to warm up.
            for (int round = -1; round < ROUNDS; round++) {
                double one = medianNs(polled);
                double other = medianNs(asleep);
                if (round >= 0) {
                    defaults[round] = one;
                    sleeping[round] = other;
                    ratios[round] = one / other;
                }
            }
            System.out.printf("""
                    Medians of %d rounds of %d readings, in two guests under TCG

                    | | median |
                    |---|---|
                    | default | %.1f us |
                    | poll-window 0s | %.1f us |
                    | ratio | %.2f |
                    """, ROUNDS, READINGS, median(defaults) / 1e3, median(sleeping) / 1e3, median(ratios));
        } finally {
            Directories.remove(directory);
        }
    }

    private static GuestVm boot(Path directory, String name) {
        return GuestVm.boot(GuestStack.require(), directory, name,
                GuestVm.Device.RTC.at(directory.resolve(name + ".sock")));
    }

    private static double medianNs(GuestVm vm) {
        return Double.parseDouble(vm.ask("latency 0 " + READINGS).split(" ")[0]);
    }

    private static double median(double[] figures) {
        double[] sorted = figures.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
