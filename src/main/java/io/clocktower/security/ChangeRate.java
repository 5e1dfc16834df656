package io.clocktower.security;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Limits the rate of changes of each caller. Thread-safe. */
final class ChangeRate {

    static final int BURST_SECONDS = 5;

    /** With more callers, those that were inactive longest are forgotten. */
    private static final int MAX_CALLERS = 10_000;

    private final int changesPerSecond;
    private final TimeMeter time;
    private final Map<String, Bucket> callers = new LinkedHashMap<>(16, 0.75f, true) {

        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > MAX_CALLERS;
        }
    };

    /**
     * @param changesPerSecond more than 0
     */
    ChangeRate(int changesPerSecond, TimeMeter time) {
        this.changesPerSecond = changesPerSecond;
        this.time = time;
    }

    /** Counts one change of a caller. If it exceeds the rate, the time until the next one is allowed, in nanoseconds; else 0. */
    long waitNs(String caller) {
        ConsumptionProbe probe = bucket(caller).tryConsumeAndReturnRemaining(1);
        return probe.isConsumed() ? 0 : Math.max(1, probe.getNanosToWaitForRefill());
    }

    private Bucket bucket(String caller) {
        synchronized (callers) {
            return callers.computeIfAbsent(caller, _ -> Bucket.builder()
                    .addLimit(limit -> limit.capacity((long) changesPerSecond * BURST_SECONDS)
                            .refillGreedy(changesPerSecond, Duration.ofSeconds(1)))
                    .withCustomTimePrecision(time).build());
        }
    }

    int callers() {
        synchronized (callers) {
            return callers.size();
        }
    }
}
