package io.clocktower.loop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Reports event loops that are late: busy with one turn, in which other devices wait, for more than 100 ms. A thread of its
 * own looks at them; it stops none of them for longer than it takes to read a stack.
 */
public final class LoopWatch implements AutoCloseable {

    /** How long a turn may take. */
    public static final Duration LATE = Duration.ofMillis(100);

    private static final Logger LOG = Logger.getLogger(LoopWatch.class);
    private static final long PERIOD_MS = 25;
    private static final long LINE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int FRAMES = 4;
    private static final String OWN = "io.clocktower.";

    private final List<Watched> watched = new ArrayList<>();
    private final Thread thread;

    /** One loop. Only the watch's thread writes it. */
    private static final class Watched {

        private final EventLoop loop;
        private final AtomicLong turns = new AtomicLong();
        private volatile String last = "";
        /** The turn that was told of last. */
        private long toldNs = Long.MIN_VALUE;
        private boolean hasLine;
        private long lineNs;
        private long untold;

        private Watched(EventLoop loop) {
            this.loop = loop;
        }
    }

    /**
     * What was late since the start.
     *
     * @param turns how many turns took longer than {@link #LATE}
     * @param last what the loop was doing in the last of them; empty before the first
     */
    public record Late(long turns, String last) {}

    public LoopWatch(List<EventLoop> loops) {
        loops.forEach(loop -> watched.add(new Watched(loop)));
        thread = Thread.ofPlatform().name("loop-watch").daemon().start(this::run);
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(PERIOD_MS);
                watched.forEach(each -> look(each, System.nanoTime()));
            }
        } catch (InterruptedException e) {
            // It is closed.
        }
    }

    private static void look(Watched each, long nowNs) {
        long sinceNs = each.loop.busySinceNs();
        if (sinceNs != Long.MIN_VALUE && sinceNs != each.toldNs && nowNs - sinceNs > LATE.toNanos()) {
            each.toldNs = sinceNs;
            each.last = doing(each.loop.stack());
            each.turns.incrementAndGet();
            report(each, nowNs - sinceNs, nowNs);
        }
    }

    /** One line in ten seconds for each loop; it may wait for a console, so the outbox writes it. */
    private static void report(Watched each, long busyNs, long nowNs) {
        if (each.hasLine && nowNs - each.lineNs < LINE_NS) {
            each.untold++;
            return;
        }
        String more = each.untold == 0 ? "" : " (%d more since the last line)".formatted(each.untold);
        String line = "%s: late: busy with one turn for %d ms, in %s%s".formatted(each.loop.name(),
                TimeUnit.NANOSECONDS.toMillis(busyNs),
                each.last, more);
        each.hasLine = true;
        each.lineNs = nowNs;
        each.untold = 0;
        each.loop.outbox().offer(() -> LOG.warn(line));
    }

    /** The innermost call, and the innermost ones of ours. */
    static String doing(StackTraceElement[] stack) {
        List<String> own = Arrays.stream(stack).filter(frame -> frame.getClassName().startsWith(OWN)).limit(FRAMES)
                .map(LoopWatch::text).collect(Collectors.toList());
        if (stack.length > 0 && !stack[0].getClassName().startsWith(OWN)) {
            own.addFirst(text(stack[0]));
        }
        return String.join(" < ", own);
    }

    private static String text(StackTraceElement frame) {
        String name = frame.getClassName();
        return "%s.%s:%d".formatted(name.substring(name.lastIndexOf('.') + 1), frame.getMethodName(),
                frame.getLineNumber());
    }

    /** What was late of each loop. Any thread may ask. */
    public List<Late> late() {
        return watched.stream().map(each -> new Late(each.turns.get(), each.last)).toList();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
