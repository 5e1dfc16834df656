package io.clocktower.device;

import io.clocktower.clock.HostInstant;
import io.clocktower.fault.ClockReading;
import io.clocktower.fault.Faults;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.hosted.HostedDevice;
import io.clocktower.loop.EventLoop;
import io.clocktower.socket.DeviceSocket;
import io.clocktower.socket.ListeningSocket;
import io.clocktower.spec.DeviceException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/** A device as other threads than its event loop reach it: by commands, and with one change at a time. Thread-safe. */
final class DeviceProxy {

    private final HostedDevice device;
    private final EventLoop loop;
    private final ReentrantLock changing = new ReentrantLock();
    private final AtomicBoolean isChanged = new AtomicBoolean();
    private volatile DeviceSocket socket;
    private volatile boolean isRetired;
    private volatile boolean isSuspended;
    /** Whether the socket had its file when the device was suspended. */
    private volatile boolean wasInPlace;
    private volatile boolean isRemoved;

    /** A change of the device. */
    @FunctionalInterface
    interface Change<T> {
        T make() throws DeviceException;
    }

    DeviceProxy(HostedDevice device, EventLoop loop, DeviceSocket socket) {
        this(device, loop, socket, false);
    }

    /**
     * @param isSuspended whether commands are rejected until {@link #proceed}
     */
    DeviceProxy(HostedDevice device, EventLoop loop, DeviceSocket socket, boolean isSuspended) {
        this.device = device;
        this.loop = loop;
        this.socket = socket;
        this.isSuspended = isSuspended;
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

    /** Makes a change while no other one is made. */
    <T> T exclusively(Change<T> change) throws DeviceException {
        try {
            if (!changing.tryLock(LoopAnswer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw DeviceException.noAnswer("device " + name()
                        + ": another change is still being made; this one was not made");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw DeviceException.noAnswer("the service is stopping; nothing was changed");
        }
        try {
            requireHosted();
            return change.make();
        } finally {
            changing.unlock();
        }
    }

    private void requireHosted() throws DeviceException {
        if (isRemoved) {
            throw DeviceException.notFound("There is no device " + name() + ".");
        }
        if (isSuspended) {
            throw Placement.suspended();
        }
    }

    /** Rejects commands and changes from now on; one that is being made is waited for. */
    void suspend() throws DeviceException {
        exclusively(() -> {
            wasInPlace = socket.isInPlace();
            isSuspended = true;
            return null;
        });
    }

    boolean isSuspended() {
        return isSuspended;
    }

    /** Pauses the device. For the loop's thread, as are those that follow. */
    DeviceSnapshot pause() {
        return device.pause(new DeviceSnapshot.Socket(
                socket instanceof ListeningSocket listening ? listening.descriptor() : null, wasInPlace,
                socket.isManaged()));
    }

    /** The device goes on after a pause. */
    void proceed() {
        isSuspended = false;
        device.proceed();
    }

    /** Lets go of the device, whose socket's file stays. */
    void abandon() {
        isRetired = true;
        isRemoved = true;
        device.abandon();
    }

    /** Where it listens; its file is for any thread but a loop. */
    DeviceSocket socket() {
        return socket;
    }

    /** Has the device accept at another socket, which becomes its own. */
    void replace(ListeningSocket other) throws DeviceException {
        DeviceSocket before = socket;
        socket = other;
        try {
            command(() -> {
                device.replace(other);
                return null;
            }, "it will accept front-ends again when the loop resumes");
        } catch (DeviceException e) {
            if (e.reason() != DeviceException.Reason.NOT_KNOWN) {
                // The loop does not get to know of it.
                socket = before;
                other.close();
            }
            throw e;
        }
    }

    /** Has the device say that no front-end finds it. */
    void fail(String reason) throws DeviceException {
        command(() -> {
            device.fail(reason);
            return null;
        }, "it cannot accept front-ends");
    }

    /** The device accepts no more front-ends, and its socket's file is deleted. For the loop's thread. */
    void retire() {
        isRetired = true;
        device.retire();
        loop.outbox().execute(socket::deleteFile);
    }

    /** Notes that the device's record has changed, and answers whether it had not since {@link #clearChanged}. */
    boolean markChanged() {
        return !isChanged.get() && isChanged.compareAndSet(false, true);
    }

    boolean isChanged() {
        return isChanged.get();
    }

    void clearChanged() {
        isChanged.set(false);
    }

    boolean isRetired() {
        return isRetired;
    }

    /** Ends the device, and its socket's file. For the loop's thread. */
    void close() {
        isRetired = true;
        isRemoved = true;
        try {
            device.close();
        } finally {
            loop.outbox().execute(socket::deleteFile);
        }
    }

    boolean isRemoved() {
        return isRemoved;
    }

    /** Asks the loop a question that changes nothing. */
    <T> T ask(Callable<T> question) throws DeviceException {
        return LoopAnswer.await(submit(question), LoopAnswer.late(name()));
    }

    /**
     * Runs a command on the loop.
     *
     * @param otherwise what becomes of the command if the loop does not answer in time
     */
    <T> T command(Callable<T> command, String otherwise) throws DeviceException {
        return LoopAnswer.await(submit(command),
                DeviceException.notKnown("device %s: its event loop did not answer within %d s; %s"
                        .formatted(name(), LoopAnswer.DEADLINE.toSeconds(), otherwise)));
    }

    /** A command that comes after a late removal finds no device. */
    private <T> CompletableFuture<T> submit(Callable<T> command) {
        return loop.submit(() -> {
            requireHosted();
            return command.call();
        });
    }

    /** What the clocks show at an instant. No loop is asked. */
    List<ClockReading> readings(HostInstant now) {
        Faults faults = device().faults();
        return IntStream.range(0, device().spec().clocks().size())
                .mapToObj(id -> ClockReading.of(id, faults.clock(id), now)).toList();
    }
}
