package io.clocktower.webhook;

import io.clocktower.config.WebhookSpec;
import io.clocktower.device.DeviceEvent;
import io.clocktower.device.EventQueue;
import io.clocktower.webhook.Receiver.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Tells one receiver of events, one after another, each again and again until it is accepted, refused or too old. Events
 * wait meanwhile, so many of them; the oldest make room for the newest. One thread runs it; events come from any.
 */
final class Webhook implements Consumer<DeviceEvent>, Runnable {

    static final int QUEUE = 1_000;
    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
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
    private long droppedTold;

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

    @Override
    public void accept(DeviceEvent event) {
        queue.accept(event);
    }

    /** Takes no more events; those that wait are still told of. */
    void end() {
        queue.close();
    }

    /** Until it is ended and all are told of, or the thread is interrupted. */
    @Override
    public void run() {
        try {
            while (!queue.isEnded()) {
                Optional<EventQueue.Next> next = queue.poll(MINUTE);
                tellOfDropped();
                if (next.isPresent()) {
                    deliver(Delivery.of(next.get().event()));
                }
            }
        } catch (InterruptedException e) {
            LOG.warnf("webhook %s: ends with %d events that %s was not told of", spec.name(), queue.size() + 1,
                    spec.origin());
        }
    }

    private void deliver(Delivery delivery) throws InterruptedException {
        long startNs = pace.nowNs();
        for (int attempt = 1;; attempt++) {
            String failure;
            Optional<Duration> wish = Optional.empty();
            try {
                Answer answer = receiver.tell(delivery);
                if (answer.isAccepted()) {
                    onAccepted(delivery, attempt, startNs);
                    return;
                }
                failure = "HTTP " + answer.status();
                if (!answer.isToBeRepeated()) {
                    onRefused(delivery, failure);
                    return;
                }
                wish = answer.retryAfter();
            } catch (IOException e) {
                failure = e.getMessage();
            }
            Duration pause = pause(attempt, wish);
            if (pace.nowNs() - startNs + pause.toNanos() > PATIENCE.toNanos()) {
                failed.incrementAndGet();
                LOG.warnf("webhook %s: %s was not told of %s after %d attempts in %d s, the last: %s; it is dropped",
                        spec.name(), spec.origin(), delivery, attempt, seconds(pace.nowNs() - startNs), failure);
                return;
            }
            if (failures.isDue()) {
                LOG.warnf("webhook %s: %s was not told of %s: %s; attempt %d follows in %d ms, %d events wait",
                        spec.name(), spec.origin(), delivery, failure, attempt + 1, pause.toMillis(), queue.size());
            }
            rest(pause);
        }
    }

    private void onAccepted(Delivery delivery, int attempts, long startNs) {
        delivered.incrementAndGet();
        if (attempts > 1) {
            LOG.infof("webhook %s: %s accepts again: %s at attempt %d, after %d s", spec.name(), spec.origin(),
                    delivery, attempts, seconds(pace.nowNs() - startNs));
        }
    }

    private void onRefused(Delivery delivery, String answer) {
        long all = failed.incrementAndGet();
        if (refusals.isDue()) {
            LOG.warnf("webhook %s: %s refused %s with %s; it is dropped (%d so far)", spec.name(), spec.origin(),
                    delivery, answer, all);
        }
    }

    /** Twice as long each time, less a part that chance decides; as the receiver wishes, if that is longer. */
    private Duration pause(int attempt, Optional<Duration> wish) {
        Duration usual = FIRST_PAUSE.multipliedBy(1L << Math.min(attempt - 1, LAST_DOUBLING));
        Duration most = usual.compareTo(LONGEST_PAUSE) < 0 ? usual : LONGEST_PAUSE;
        Duration least = Duration.ofNanos((long) (most.toNanos() * (0.5 + pace.random() / 2)));
        return wish.filter(wished -> wished.compareTo(least) > 0).orElse(least);
    }

    /** In parts, so that a queue that overflows meanwhile is told of. */
    private void rest(Duration pause) throws InterruptedException {
        Duration left = pause;
        while (left.compareTo(MINUTE) > 0) {
            pace.pause(MINUTE);
            tellOfDropped();
            left = left.minus(MINUTE);
        }
        pace.pause(left);
        tellOfDropped();
    }

    private void tellOfDropped() {
        long dropped = queue.missedInAll();
        if (dropped > droppedTold && overflow.isDue()) {
            LOG.warnf("webhook %s: %d events were dropped, as more than %d wait for %s", spec.name(),
                    dropped - droppedTold, QUEUE, spec.origin());
            droppedTold = dropped;
        }
    }

    private static long seconds(long ns) {
        return Duration.ofNanos(ns).toSeconds();
    }
}
