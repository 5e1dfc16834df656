package io.clocktower.benchmark;

import io.clocktower.app.Directories;
import io.clocktower.app.PackagedApplication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a guest waits for READ of the packaged application while others ask that for the devices' status and metrics,
 * 200 times a second, against how long it waits without such calls. Rounds with and without take turns, so that whatever
 * else the machine does comes to both, and a ratio is one of neighbours in time. Between two readings the guest pauses, as
 * one that reads its clock now and then does: both threads have slept when the next one comes.
 */
public final class StatusLoad {

    private static final int WARM_UP_REQUESTS = 8_000;
    private static final int WARM_UP_ROUNDS = 2;
    private static final int ROUNDS = 12;
    private static final int TRIPS_A_ROUND = 4_000;
    private static final long PAUSE_NS = 300_000;
    private static final int REQUESTS_A_SECOND = 200;
    private static final List<String> PATHS = List.of("api/v1/devices/vm0", "api/v1/devices", "q/metrics",
            "api/v1/devices/vm0");

    /** The figures of one round, in nanoseconds, and how many calls came in it. */
    private record Round(double median, double p99, double requestsASecond) {}

    private StatusLoad() {}

    public static void main(String... arguments) throws Exception {
        Path directory = Files.createTempDirectory("clocktower-benchmark");
        try (var application = PackagedApplication.start(directory,
                Map.of("clocktower.socket-dir", directory.toString(),
                        "clocktower.shutdown-grace", "0s", "clocktower.devices.vm0.poll-window", "0s"));
                var read = new Read(directory.resolve("vm0.sock"));
                var load = new Load(application.root(), arguments.length == 0 ? PATHS : List.of(arguments))) {
            for (int i = 0; i < WARM_UP_ROUNDS; i++) {
                round(read, load, true);
                round(read, load, false);
            }
            Round[] quiet = new Round[ROUNDS];
            Round[] loaded = new Round[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                quiet[i] = round(read, load, false);
                loaded[i] = round(read, load, true);
            }
            report(quiet, loaded);
        } finally {
            Directories.remove(directory);
        }
    }

    private static Round round(Read read, Load load, boolean isLoaded) {
        load.answers.set(0);
        load.isOn = isLoaded;
        LockSupport.unpark(load.thread);
        long[] ns = new long[TRIPS_A_ROUND];
        long startNs = System.nanoTime();
        for (int i = 0; i < ns.length; i++) {
            long beforeNs = System.nanoTime();
            read.run();
            ns[i] = System.nanoTime() - beforeNs;
            LockSupport.parkNanos(PAUSE_NS);
        }
        double seconds = (System.nanoTime() - startNs) / 1e9;
        load.isOn = false;
        Arrays.sort(ns);
        return new Round(ns[ns.length / 2], ns[ns.length * 99 / 100], load.answers.get() / seconds);
    }

    private static void report(Round[] quiet, Round[] loaded) {
        System.out.printf("Medians of %d rounds of %d readings%n%n| | median | p99 |%n|---|---|---|%n", ROUNDS,
                TRIPS_A_ROUND);
        row("no calls", quiet);
        row("%.0f calls per second".formatted(median(loaded, loaded, (round, _) -> round.requestsASecond)), loaded);
        System.out.printf("| ratio | %.2f | %.2f |%n", median(quiet, loaded, (one, other) -> other.median / one.median),
                median(quiet, loaded, (one, other) -> other.p99 / one.p99));
    }

    private static void row(String name, Round[] rounds) {
        System.out.printf("| %s | %.1f us | %.1f us |%n", name,
                median(rounds, rounds, (round, _) -> round.median) / 1e3,
                median(rounds, rounds, (round, _) -> round.p99) / 1e3);
    }

    private interface Figure {
        double of(Round one, Round other);
    }

    private static double median(Round[] rounds, Round[] others, Figure figure) {
        double[] values = new double[rounds.length];
        Arrays.setAll(values, i -> figure.of(rounds[i], others[i]));
        Arrays.sort(values);
        return values[values.length / 2];
    }

    /** Asks at even intervals, one request after the other, over a connection that stays, and with little work of its own. */
    private static final class Load implements AutoCloseable {

        private static final Pattern LENGTH = Pattern.compile("content-length: (\\d+)\r", Pattern.CASE_INSENSITIVE);

        private final Socket socket;
        private final byte[] answer = new byte[1 << 20];
        private final List<byte[]> requests;
        private final AtomicInteger answers = new AtomicInteger();
        private final Thread thread = Thread.ofPlatform().name("status-load").daemon().unstarted(this::run);
        private volatile boolean isOn;
        private int asked;

        private Load(URI root, List<String> paths) throws IOException {
            socket = new Socket(root.getHost(), root.getPort());
            socket.setTcpNoDelay(true);
            requests = paths.stream().map(path -> "GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(path,
                    root.getAuthority()).getBytes(StandardCharsets.US_ASCII)).toList();
            for (int i = 0; i < WARM_UP_REQUESTS; i++) {
                ask();
            }
            thread.start();
        }

        private void run() {
            long nextNs = System.nanoTime();
            while (!socket.isClosed()) {
                while (!isOn) {
                    LockSupport.park();
                    nextNs = System.nanoTime();
                }
                LockSupport.parkNanos(nextNs - System.nanoTime());
                try {
                    ask();
                } catch (IOException e) {
                    if (socket.isClosed()) {
                        return;
                    }
                    throw new UncheckedIOException(e);
                }
                answers.incrementAndGet();
                nextNs += 1_000_000_000 / REQUESTS_A_SECOND;
            }
        }

        private void ask() throws IOException {
            socket.getOutputStream().write(requests.get(asked++ % requests.size()));
            int length = 0;
            int bodyAt = -1;
            do {
                length += socket.getInputStream().read(answer, length, answer.length - length);
                if (bodyAt < 0) {
                    bodyAt = bodyAt(length);
                }
            } while (bodyAt < 0 || length < bodyAt);
        }

        /** How long the answer is, once its head is there; -1 before. */
        private int bodyAt(int length) {
            String head = new String(answer, 0, Math.min(length, 1024), StandardCharsets.US_ASCII);
            int end = head.indexOf("\r\n\r\n");
            Matcher matcher = LENGTH.matcher(head);
            if (end < 0 || !matcher.find()) {
                return -1;
            }
            if (!head.startsWith("HTTP/1.1 200 ")) {
                throw new IllegalStateException(head);
            }
            return end + 4 + Integer.parseInt(matcher.group(1));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
