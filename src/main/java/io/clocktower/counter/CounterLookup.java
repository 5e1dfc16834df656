package io.clocktower.counter;

import io.clocktower.clock.CounterMapping;
import io.clocktower.linux.Deadline;
import io.clocktower.linux.Reactor;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * Finds a guest's counter for a device without making its loop wait: KVM is asked by another thread, and what it answers
 * holds until the host is suspended, which changes the counter's offset. The device's loop owns it.
 */
public final class CounterLookup {

    /** A guest's first requests wait for the answer so long. */
    private static final long PATIENCE_NS = TimeUnit.MILLISECONDS.toNanos(100);
    /** CLOCK_BOOTTIME and CLOCK_MONOTONIC are read one after the other, and part only while the host is suspended. */
    private static final long SUSPENDED_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final CounterSource.Found ASKING = CounterSource.Found.no("KVM is being asked");
    private static final CounterSource.Found LATE = CounterSource.Found.no("KVM's debugfs did not answer in time");

    private final LongFunction<CounterSource.Found> kvm;
    private final LongSupplier suspendedNs;
    private final Executor outbox;
    private final Executor loop;
    private final Deadline late;
    private final Consumer<CounterSource.Found> onFound;
    private final Runnable onAnswer;
    private CounterSource.Found found = CounterSource.UNASKED;
    private long pid;
    private long askedSuspendedNs;
    /** Rises with every question, so that a late answer to an earlier one is not taken for it. */
    private long questions;
    private boolean isOnItsWay;

    /**
     * @param kvm answers for a process, on the outbox's thread
     * @param suspendedNs how long the host has been suspended since it booted
     * @param loop runs commands on the device's loop
     * @param onFound takes what is known from now on, on the loop
     * @param onAnswer requests that waited for KVM's answer can be answered, on the loop
     */
    public CounterLookup(LongFunction<CounterSource.Found> kvm, LongSupplier suspendedNs, Reactor reactor,
            Executor outbox,
            Executor loop, Consumer<CounterSource.Found> onFound, Runnable onAnswer) {
        this.kvm = kvm;
        this.suspendedNs = suspendedNs;
        this.outbox = outbox;
        this.loop = loop;
        this.onFound = onFound;
        this.onAnswer = onAnswer;
        late = reactor.deadline(() -> answer(LATE));
    }

    public CounterSource.Found found() {
        return found;
    }

    /**
     * What a device that takes over this one need not ask again.
     *
     * @param suspendedNs how long the host had been suspended when KVM was asked
     */
    public record Known(Optional<CounterMapping> mapping, String reason, long suspendedNs) {}

    /** What is known; empty while it is not. */
    public Optional<Known> known() {
        return found == CounterSource.UNASKED || found == ASKING
                ? Optional.empty()
                : Optional.of(new Known(found.mapping(), found.reason(), askedSuspendedNs));
    }

    /**
     * A driver is there, and what another process knew of it.
     *
     * @param pid the process of the front-end
     */
    public void resume(Known known, long pid) {
        this.pid = pid;
        questions++;
        late.clear();
        askedSuspendedNs = known.suspendedNs();
        set(new CounterSource.Found(known.mapping(), known.reason()));
    }

    /** No driver is there any more. */
    public void stop() {
        questions++;
        late.clear();
        set(CounterSource.UNASKED);
    }

    /**
     * A driver is there.
     *
     * @param given the mapping that the operator gave, which goes before KVM's
     * @param pid the process of the front-end
     */
    public void start(Optional<CounterMapping> given, long pid) {
        this.pid = pid;
        if (given.isPresent()) {
            questions++;
            late.clear();
            set(CounterSource.given(given.get()));
        } else {
            ask();
        }
    }

    /** One question at a time is on its way, however often a front-end sets up a driver. */
    private void ask() {
        questions++;
        askedSuspendedNs = suspendedNs.getAsLong();
        late.setAfter(PATIENCE_NS);
        set(ASKING);
        if (!isOnItsWay) {
            send();
        }
    }

    private void send() {
        long question = questions;
        long asked = pid;
        isOnItsWay = true;
        outbox.execute(() -> {
            CounterSource.Found answer = kvm.apply(asked);
            loop.execute(() -> onAnswer(question, answer));
        });
    }

    private void onAnswer(long question, CounterSource.Found answer) {
        isOnItsWay = false;
        if (found == ASKING) {
            if (question == questions) {
                late.clear();
                answer(answer);
            } else {
                send();
            }
        }
    }

    private void answer(CounterSource.Found answer) {
        set(answer);
        onAnswer.run();
    }

    private void set(CounterSource.Found other) {
        found = other;
        onFound.accept(other);
    }

    /** Whether requests can be answered now: not while KVM is being asked, which starts again after a suspension. */
    public boolean isReady() {
        if (found.isOfKvm() && suspendedNs.getAsLong() - askedSuspendedNs > SUSPENDED_NS) {
            ask();
        }
        return found != ASKING;
    }
}
