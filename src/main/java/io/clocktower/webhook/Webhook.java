package io.clocktower.webhook;

import io.clocktower.config.WebhookSpec;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.EventQueue;
import io.clocktower.webhook.Receiver.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Sends events to one receiver, in order. Repeats each until it is accepted, refused or older than an hour. Up to
 * {@link #QUEUE} events wait; then the oldest are dropped for the newest. One thread runs it; events come from any thread.
 */
final class Webhook implements Consumer<DeviceEvent>, Runnable {

    static final int QUEUE = 1_000;
    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    static final double JITTER = 0.1;
    static final Duration PATIENCE = Duration.ofHours(1);

    private static final Logger LOG = Logger.getLogger(Webhook.class);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final int LAST_DOUBLING = 16;

    private final WebhookSpec spec;
    private final Receiver receiver;
    private final Pace pace;
    private final EventQueue queue;
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final OnceAMinute refusals;
    private final OnceAMinute overflow;
    private final OnceAMinute failures;
    private long droppedLogged;
    /** What is being sent, and has not been accepted, refused or given up. */
    private volatile Delivery current;
    private volatile boolean isPaused;

    /**
     * What a successor goes on from.
     *
     * @param current what is being sent: the receiver may have it already, and recognizes it by its id
     */
    record State(String name, long delivered, long failed, Optional<Delivery> current, EventQueue.Waiting waiting) {}

    Webhook(WebhookSpec spec, Receiver receiver, Pace pace) {
        this.spec = spec;
        this.receiver = receiver;
        this.pace = pace;
        queue = new EventQueue(QUEUE, spec::wants);
        refusals = new OnceAMinute(pace);
        overflow = new OnceAMinute(pace);
        failures = new OnceAMinute(pace);
    }

    /** For any thread. */
    WebhookStatus status() {
        return new WebhookStatus(spec.name(), delivered.get(), failed.get(), queue.missedInAll(), queue.size());
    }

    /** Its thread is to end, by an interrupt, and what waits stays. */
    void pause() {
        isPaused = true;
    }

    /** Its thread runs again. */
    void proceed() {
        isPaused = false;
    }

    /** While no thread runs it. */
    State state() {
        return new State(spec.name(), delivered.get(), failed.get(), Optional.ofNullable(current), queue.waiting());
    }

    /** Goes on from what a predecessor's webhook of this name left; while no thread runs it. */
    void restore(State before) {
        delivered.addAndGet(before.delivered());
        failed.addAndGet(before.failed());
        current = before.current().orElse(null);
        queue.restore(before.waiting());
    }

    @Override
    public void accept(DeviceEvent event) {
        queue.accept(event);
    }

    /** Accepts no more events; those that wait are still sent. */
    void end() {
        queue.close();
    }

    /** Until it is ended and all are told of, or the thread is interrupted. */
    @Override
    public void run() {
        try {
            if (current != null) {
                deliver(current);
            }
            while (!queue.isEnded()) {
                Optional<EventQueue.Next> next = queue.poll(MINUTE);
                logDropped();
                if (next.isPresent()) {
                    deliver(Delivery.of(next.get().event()));
                }
            }
        } catch (InterruptedException e) {
            if (isPaused) {
                return;
            }
            LOG.warnf("webhook %s: stopped with %d events not sent to %s", spec.name(), queue.size() + 1,
                    spec.origin());
        }
    }

    private void deliver(Delivery delivery) throws InterruptedException {
        current = delivery;
        send(delivery);
        current = null;
    }

    private void send(Delivery delivery) throws InterruptedException {
        long startNs = pace.nowNs();
        for (int attempt = 1;; attempt++) {
            String failure;
            Optional<Duration> retryAfter = Optional.empty();
            try {
                Answer answer = receiver.send(delivery);
                if (answer.isAccepted()) {
                    onAccepted(delivery, attempt, startNs);
                    return;
                }
                failure = "HTTP " + answer.status();
                if (!answer.isRetryable()) {
                    onRefused(delivery, failure);
                    return;
                }
                retryAfter = answer.retryAfter();
            } catch (IOException e) {
                failure = e.getMessage();
            }
            Duration pause = pause(attempt, retryAfter);
            if (pace.nowNs() - startNs + pause.toNanos() > PATIENCE.toNanos()) {
                failed.incrementAndGet();
                LOG.warnf("webhook %s: %s did not accept %s in %d attempts over %d s (last: %s); event dropped",
                        spec.name(), spec.origin(), delivery, attempt, seconds(pace.nowNs() - startNs), failure);
                return;
            }
            if (failures.isDue()) {
                LOG.warnf("webhook %s: %s did not accept %s: %s; attempt %d in %d ms, %d events are waiting",
                        spec.name(), spec.origin(), delivery, failure, attempt + 1, pause.toMillis(), queue.size());
            }
            rest(pause);
        }
    }

    private void onAccepted(Delivery delivery, int attempts, long startNs) {
        delivered.incrementAndGet();
        if (attempts > 1) {
            LOG.infof("webhook %s: %s accepts events again: %s at attempt %d, after %d s", spec.name(), spec.origin(),
                    delivery, attempts, seconds(pace.nowNs() - startNs));
        }
    }

    private void onRefused(Delivery delivery, String answer) {
        long all = failed.incrementAndGet();
        if (refusals.isDue()) {
            LOG.warnf("webhook %s: %s refused %s with %s; event dropped (%d since the start)", spec.name(),
                    spec.origin(),
                    delivery, answer, all);
        }
    }

    /**
     * Twice as long each time up to {@link #LONGEST_PAUSE}, plus up to {@link #JITTER} of it at random so that receivers are
     * not called by all services at once; as long as Retry-After says, if that is longer.
     */
    private Duration pause(int attempt, Optional<Duration> retryAfter) {
        Duration doubled = FIRST_PAUSE.multipliedBy(1L << Math.min(attempt - 1, LAST_DOUBLING));
        Duration least = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
        Duration usual = Duration.ofNanos((long) (least.toNanos() * (1 + JITTER * pace.random())));
        return retryAfter.filter(asked -> asked.compareTo(usual) > 0).orElse(usual);
    }

    /** Waits in parts, to log a queue that overflows. */
    private void rest(Duration pause) throws InterruptedException {
        Duration left = pause;
        while (left.compareTo(MINUTE) > 0) {
            pace.pause(MINUTE);
            logDropped();
            left = left.minus(MINUTE);
        }
        pace.pause(left);
        logDropped();
    }

    private void logDropped() {
        long dropped = queue.missedInAll();
        if (dropped > droppedLogged && overflow.isDue()) {
            LOG.warnf("webhook %s: %d events were dropped because more than %d were waiting for %s", spec.name(),
                    dropped - droppedLogged, QUEUE, spec.origin());
            droppedLogged = dropped;
        }
    }

    private static long seconds(long ns) {
        return Duration.ofNanos(ns).toSeconds();
    }
}
