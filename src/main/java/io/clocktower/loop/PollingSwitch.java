package io.clocktower.loop;

import io.clocktower.linux.CpuThrottling;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Whether loops may poll: not where their only processor would be taken from the guest that they wait for, nor where the
 * process has used up its CPU quota. {@link #look} is for one thread that may wait; the answer is for any.
 */
public final class PollingSwitch {

    /** How long after the quota was used up. */
    static final long PATIENCE_NS = TimeUnit.MINUTES.toNanos(1);

    private final Consumer<Boolean> loops;
    private final IntSupplier processors;
    private final LongSupplier throttlings;
    private final LongSupplier clock;
    private long throttlingsBefore;
    private long throttledNs;
    private boolean wasThrottled;
    private volatile Optional<String> reason = Optional.empty();

    /**
     * @param loops are told
     * @param processors how many the process may use
     * @param throttlings how often its quota was used up
     * @param clock a monotonic one, in nanoseconds
     */
    PollingSwitch(Consumer<Boolean> loops, IntSupplier processors, LongSupplier throttlings, LongSupplier clock) {
        this.loops = loops;
        this.processors = processors;
        this.throttlings = throttlings;
        this.clock = clock;
        throttlingsBefore = throttlings.getAsLong();
        look();
    }

    /** For loops of this process. */
    public static PollingSwitch of(Collection<EventLoop> loops) {
        List<EventLoop> all = List.copyOf(loops);
        return new PollingSwitch(isAllowed -> all.forEach(loop -> loop.reactor().allowPolling(isAllowed)),
                Runtime.getRuntime()::availableProcessors, CpuThrottling.ofThisProcess()::count, System::nanoTime);
    }

    /** Looks whether anything has changed, and tells the loops. */
    public void look() {
        long count = throttlings.getAsLong();
        long nowNs = clock.getAsLong();
        if (count != throttlingsBefore) {
            throttlingsBefore = count;
            throttledNs = nowNs;
            wasThrottled = true;
        } else if (wasThrottled && nowNs - throttledNs >= PATIENCE_NS) {
            wasThrottled = false;
        }
        if (processors.getAsInt() < 2) {
            reason = Optional.of("only one processor is available");
        } else if (wasThrottled) {
            reason = Optional.of("the CPU quota of the control group was used up within the last minute");
        } else {
            reason = Optional.empty();
        }
        loops.accept(reason.isEmpty());
    }

    /** Why the loops do not poll; empty if they may. */
    public Optional<String> reason() {
        return reason;
    }
}
