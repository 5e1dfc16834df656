package io.clocktower.benchmark;

import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Requests;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A guest in a process of its own, which reads a clock every 3 ms and remembers the longest wait: what the attacks do to
 * their own process does not delay it.
 */
final class Watcher implements AutoCloseable {

    private static final long PERIOD_NS = TimeUnit.MILLISECONDS.toNanos(3);
    private static final byte[] REQUEST = Requests.ofClock(Requests.READ, 1);
    private static final int RESPONSE_BYTES = 16;

    private final Process process;
    private final PrintStream question;
    private final BufferedReader answer;

    Watcher(Path socket) throws IOException {
        var builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                Watcher.class.getName(), socket.toString()).redirectError(ProcessBuilder.Redirect.INHERIT);
        // These are the application's.
        builder.environment().remove("JDK_JAVA_OPTIONS");
        process = builder.start();
        question = new PrintStream(process.getOutputStream(), true);
        answer = process.inputReader();
        takeLongestNs();
    }

    /** The longest wait since this was called before; a read that has not ended counts with what it has waited so far. */
    long takeLongestNs() throws IOException {
        question.println();
        String line = answer.readLine();
        if (line == null) {
            throw new IOException("the watcher has ended: its device does not serve it");
        }
        return Long.parseLong(line);
    }

    @Override
    public void close() {
        process.destroy();
    }

    public static void main(String... arguments) throws Exception {
        var guest = new Guest(Path.of(arguments[0]));
        var longestNs = new AtomicLong();
        var startNs = new AtomicLong();
        Thread.ofPlatform().daemon().start(() -> {
            while (true) {
                startNs.set(System.nanoTime());
                if (guest.request(REQUEST, RESPONSE_BYTES).status() != Requests.OK) {
                    throw new AssertionError("the request failed");
                }
                longestNs.accumulateAndGet(System.nanoTime() - startNs.get(), Math::max);
                for (long leftNs; (leftNs = startNs.get() + PERIOD_NS - System.nanoTime()) > 0;) {
                    LockSupport.parkNanos(leftNs);
                }
            }
        });
        while (System.in.read() >= 0) {
            long now = System.nanoTime() - startNs.get() - PERIOD_NS;
            System.out.println(Math.max(longestNs.getAndSet(0), now));
        }
    }
}
