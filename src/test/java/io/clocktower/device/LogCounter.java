package io.clocktower.device;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jboss.logmanager.formatters.PatternFormatter;

/** The lines that devices log, until it is closed. */
public final class LogCounter implements AutoCloseable {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    private final Logger logger = Logger.getLogger("io.clocktower");
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Formatter format = new PatternFormatter("%s");
    private final Handler handler = new Handler() {

        @Override
        public void publish(LogRecord line) {
            lines.add(format.format(line));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    public LogCounter() {
        logger.addHandler(handler);
    }

    /** Waits until so many lines are there: another thread than a device's writes them. */
    public void await(long count, Predicate<String> which) {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (count(which) < count) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError(count(which) + " of " + count + " lines, in " + lines);
            }
            Thread.onSpinWait();
        }
    }

    public long count(Predicate<String> which) {
        return lines.stream().filter(which).count();
    }

    @Override
    public void close() {
        logger.removeHandler(handler);
    }
}
