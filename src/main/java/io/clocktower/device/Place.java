package io.clocktower.device;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/** A device on its event loop, and the one change of it that is made at a time. Thread-safe. */
final class Place {

    static final Duration DEADLINE = Duration.ofSeconds(2);

    private final HostedDevice device;
    private final EventLoop loop;
    private final ReentrantLock changing = new ReentrantLock();
    private volatile boolean isRemoved;

    /** What is done while nothing else changes the device. */
    @FunctionalInterface
    interface Exclusive<T> {
        T call() throws DeviceException;
    }

    Place(HostedDevice device, EventLoop loop) {
        this.device = device;
        this.loop = loop;
    }

    HostedDevice device() {
        return device;
    }

    EventLoop loop() {
        return loop;
    }

    String name() {
        return device.spec().name();
    }

    /** Does something while no other change of the device is made. */
    <T> T exclusively(Exclusive<T> act) throws DeviceException {
        try {
            if (!changing.tryLock(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw DeviceException.noAnswer("device " + name()
                        + ": another change is still being made; this one was not made");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw DeviceException.noAnswer("the service is stopping; nothing was changed");
        }
        try {
            requireThere();
            return act.call();
        } finally {
            changing.unlock();
        }
    }

    private void requireThere() throws DeviceException {
        if (isRemoved) {
            throw DeviceException.notFound("There is no device " + name() + ".");
        }
    }

    /** For whoever removes it, on the loop's thread. */
    void onRemoved() {
        isRemoved = true;
    }

    /** Asks the loop for something that changes nothing. */
    <T> T ask(Callable<T> question) throws DeviceException {
        return await(submit(question), DeviceException.noAnswer("device " + name()
                + ": its event loop did not answer within " + DEADLINE.toSeconds() + " s; nothing was changed"));
    }

    /**
     * Has the loop do something.
     *
     * @param otherwise what is to be said of it if the loop does not answer in time
     */
    <T> T order(Callable<T> command, String otherwise) throws DeviceException {
        return await(submit(command),
                DeviceException.notKnown("device %s: its event loop did not answer within %d s; %s"
                        .formatted(name(), DEADLINE.toSeconds(), otherwise)));
    }

    /** Whoever comes after a late removal finds no device. */
    private <T> CompletableFuture<T> submit(Callable<T> act) {
        return loop.submit(() -> {
            requireThere();
            return act.call();
        });
    }

    /** An event loop's answer, or the exception that says that it was late. */
    static <T> T await(CompletableFuture<T> answer, DeviceException late) throws DeviceException {
        try {
            return answer.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DeviceException refused) {
                throw refused;
            }
            if (e.getCause() instanceof InvalidDeviceException invalid) {
                throw invalid;
            }
            if (e.getCause() instanceof RejectedExecutionException full) {
                throw DeviceException.noAnswer(full.getMessage() + "; nothing was changed");
            }
            throw DeviceException.failed("the event loop failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw late;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw late;
        }
    }
}
