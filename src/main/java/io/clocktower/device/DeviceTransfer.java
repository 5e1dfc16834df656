package io.clocktower.device;

import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.loop.EventLoop;
import io.clocktower.socket.ConnectingSocket;
import io.clocktower.socket.DeviceSocket;
import io.clocktower.socket.ListeningSocket;
import io.clocktower.spec.DeviceException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Takes all devices out of a {@link DeviceHost}, and puts them into another one, of this process or of a successor. Between
 * {@link #pause} and {@link #proceed} or {@link #abandon} guests wait, and commands are rejected. Nothing that a guest does in
 * that time is lost: it waits in its rings, in eventfds and in sockets. One thread uses it, which is no event loop.
 */
public final class DeviceTransfer {

    /** How long a loop may take: it may pause a thousand devices. */
    private static final long PATIENCE_S = 10;

    private final Collection<DeviceProxy> devices;
    private final List<EventLoop> loops;
    private final Placement placement;
    private final List<DeviceProxy> paused = new ArrayList<>();

    /**
     * @param devices a view of those that are hosted
     */
    DeviceTransfer(Collection<DeviceProxy> devices, List<EventLoop> loops, Placement placement) {
        this.devices = devices;
        this.loops = loops;
        this.placement = placement;
    }

    /**
     * Pauses all devices, after the changes that are being made.
     *
     * @return in the order of their names; descriptors stay the devices'
     * @throws DeviceException if a device cannot be paused in time; all go on then
     */
    public List<DeviceSnapshot> pause() throws DeviceException {
        for (EventLoop loop : loops) {
            flush(loop);
        }
        placement.suspend();
        try {
            for (DeviceProxy device : devices) {
                suspend(device);
            }
            List<DeviceSnapshot> snapshots = new ArrayList<>(onLoops(paused, DeviceProxy::pause));
            for (EventLoop loop : loops) {
                flush(loop);
            }
            snapshots.sort((one, other) -> one.name().compareTo(other.name()));
            return snapshots;
        } catch (DeviceException | RuntimeException e) {
            proceed();
            throw e;
        }
    }

    private void suspend(DeviceProxy device) throws DeviceException {
        try {
            device.suspend();
            paused.add(device);
        } catch (DeviceException e) {
            if (!device.isRemoved()) {
                throw e;
            }
        }
    }

    /** What the devices reported before has reached its readers. */
    private static void flush(EventLoop loop) throws DeviceException {
        var flushed = new CompletableFuture<Void>();
        loop.outbox().execute(() -> flushed.complete(null));
        await(flushed);
    }

    /** Something that is done to a device on its loop's thread. */
    @FunctionalInterface
    private interface Step<T> {
        T on(DeviceProxy device) throws Exception;
    }

    /** One command for all devices of a loop: they are away for the shortest time. */
    private static <T> List<T> onLoops(List<DeviceProxy> devices, Step<T> step) throws DeviceException {
        Map<EventLoop, List<DeviceProxy>> ofLoops = new LinkedHashMap<>();
        devices.forEach(device -> ofLoops.computeIfAbsent(device.loop(), _ -> new ArrayList<>()).add(device));
        List<CompletableFuture<List<T>>> answers = ofLoops.entrySet().stream()
                .map(ofLoop -> ofLoop.getKey().submit(() -> onAll(ofLoop.getValue(), step))).toList();
        List<T> all = new ArrayList<>();
        for (CompletableFuture<List<T>> answer : answers) {
            all.addAll(await(answer));
        }
        return all;
    }

    private static <T> List<T> onAll(List<DeviceProxy> devices, Step<T> step) throws Exception {
        List<T> all = new ArrayList<>();
        for (DeviceProxy device : devices) {
            all.add(step.on(device));
        }
        return all;
    }

    private static <T> T await(CompletableFuture<T> answer) throws DeviceException {
        try {
            return answer.get(PATIENCE_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DeviceException refused) {
                throw refused;
            }
            throw DeviceException.failed("an event loop failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw DeviceException.noAnswer("an event loop did not answer within %d s".formatted(PATIENCE_S));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw DeviceException.noAnswer("the thread was interrupted");
        }
    }

    /**
     * Makes devices of snapshots, which are paused until {@link #proceed}: they leave alone all that another process may
     * still use.
     *
     * @param snapshots whose descriptors become the devices', or are closed
     * @throws DeviceException if one of them cannot be made; none is there then
     */
    public void resume(List<DeviceSnapshot> snapshots) throws DeviceException {
        int taken = 0;
        try {
            for (DeviceSnapshot snapshot : snapshots) {
                taken++;
                paused.add(placement.resume(snapshot));
            }
        } catch (DeviceException | RuntimeException e) {
            abandon();
            throw e;
        } finally {
            snapshots.subList(taken, snapshots.size()).forEach(DeviceSnapshot::close);
        }
    }

    /** All devices go on, with what came during the pause. */
    public void proceed() {
        for (DeviceProxy device : paused) {
            device.loop().execute(device::proceed);
        }
        paused.clear();
        placement.proceed();
    }

    /** Waits until all loops have done what was asked of them before. */
    public void await() throws DeviceException {
        for (EventLoop loop : loops) {
            await(loop.submit(() -> null));
        }
    }

    /** Lets go of all paused devices: they go on elsewhere. Guests, front-ends and socket files do not notice. */
    public void abandon() throws DeviceException {
        List<DeviceProxy> gone = List.copyOf(paused);
        paused.clear();
        placement.forget(gone);
        onLoops(gone, device -> {
            device.abandon();
            return null;
        });
    }

    /** Where a snapshot's process met front-ends. */
    static DeviceSocket socket(DeviceSnapshot snapshot) throws DeviceException {
        DeviceSnapshot.Socket before = snapshot.socket();
        if (before.listening() == null) {
            return new ConnectingSocket(snapshot.record().spec().socket());
        }
        try {
            return ListeningSocket.adopt(snapshot.record().spec().socket(), before.listening(),
                    before.isInPlace(), Boolean.TRUE.equals(before.isManaged()));
        } catch (IOException e) {
            snapshot.close();
            throw DeviceException.failed("device %s: its socket cannot be taken over: %s".formatted(snapshot.name(),
                    e.getMessage()), e);
        }
    }
}
