package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.host.HostTimer;
import io.clocktower.hosted.ConnectionStore;
import io.clocktower.hosted.DeviceObserver;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.hosted.HostedDevice;
import io.clocktower.hosted.KeptConnection;
import io.clocktower.linux.Closing;
import io.clocktower.loop.EventLoop;
import io.clocktower.socket.ConnectingSocket;
import io.clocktower.socket.DeviceSocket;
import io.clocktower.socket.ListeningSocket;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import io.clocktower.spec.DeviceMode;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.state.DeviceRecord;
import io.clocktower.state.PrivateDirectory;
import io.clocktower.vhostuser.HostLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import org.jboss.logging.Logger;

/** Places new devices on event loops, one at a time, so that a name and a socket belong to one device. Thread-safe. */
final class Placement {

    private static final Logger LOG = Logger.getLogger(Placement.class);
    private static final int MAX_DEVICES = 1_000;

    private final HostClock host;
    private final HostTimer.Factory timers;
    private final List<EventLoop> loops;
    private final Map<String, DeviceProxy> devices;
    private final HostLimits limits;
    private final BiFunction<String, EventLoop, DeviceObserver> observers;
    private final ReentrantLock placing = new ReentrantLock();
    private volatile ConnectionStore connections = ConnectionStore.NONE;
    private volatile boolean isSuspended;

    /**
     * @param devices by name; those that are placed are added
     * @param observers makes a device's observer from its name and its loop
     */
    Placement(HostClock host, HostTimer.Factory timers, List<EventLoop> loops, Map<String, DeviceProxy> devices,
            HostLimits limits, BiFunction<String, EventLoop, DeviceObserver> observers) {
        this.host = host;
        this.timers = timers;
        this.loops = loops;
        this.devices = devices;
        this.limits = limits;
        this.observers = observers;
    }

    /** Keeps the connections of devices that are made from now on. */
    void keepIn(ConnectionStore store) {
        connections = store;
    }

    /**
     * Makes a device on a loop, where it listens.
     *
     * @throws DeviceException if its name or socket is taken, or it cannot listen
     */
    DeviceProxy place(DeviceRecord record) throws DeviceException {
        return place(record, Optional.empty());
    }

    /**
     * The same at a socket that exists.
     *
     * @param passed becomes the device's, or is closed
     */
    DeviceProxy place(DeviceRecord record, Optional<DeviceSocket> passed) throws DeviceException {
        try {
            if (!placing.tryLock(LoopAnswer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw DeviceException.noAnswer("device " + record.spec().name()
                        + ": another device is still being created; this one was not created");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw DeviceException.noAnswer("the service is stopping; nothing was changed");
        }
        try {
            if (isSuspended) {
                throw suspended();
            }
            return placeAlone(record, passed);
        } finally {
            placing.unlock();
        }
    }

    static DeviceException suspended() {
        return DeviceException
                .noAnswer("the service is being replaced by its successor; nothing was changed, try again");
    }

    /** Places no device until {@link #proceed}; one that is being placed is waited for. */
    void suspend() {
        placing.lock();
        isSuspended = true;
        placing.unlock();
    }

    void proceed() {
        isSuspended = false;
    }

    /** Makes a device that goes on from a snapshot, and is paused. The snapshot's descriptors are taken or closed. */
    DeviceProxy resume(DeviceSnapshot before) throws DeviceException {
        EventLoop loop = LoopLoad.lightest(loops, devices.values()).loop();
        DeviceObserver observer = observers.apply(before.name(), loop);
        DeviceSocket socket = DeviceTransfer.socket(before);
        ConnectionStore.Place place = connections.place(before.name());
        CompletableFuture<HostedDevice> answer = loop.submit(() -> {
            boolean isResumed = false;
            try {
                var resumed = HostedDevice.resume(before, host, timers, loop, socket, limits, observer);
                resumed.keepIn(place);
                isResumed = true;
                return resumed;
            } finally {
                if (!isResumed) {
                    Closing.all(before::close, socket::stop, place::close);
                }
            }
        });
        DeviceProxy proxy;
        try {
            proxy = new DeviceProxy(LoopAnswer.await(answer, LoopAnswer.late(before.name())), loop, socket, true);
        } catch (DeviceException e) {
            // A loop that is late makes the device all the same.
            answer.thenAcceptAsync(late -> new DeviceProxy(late, loop, socket, true).abandon(), loop::execute);
            throw e;
        }
        devices.put(before.name(), proxy);
        return proxy;
    }

    /** Forgets devices that go on elsewhere. */
    void forget(List<DeviceProxy> gone) {
        gone.forEach(proxy -> devices.remove(proxy.name(), proxy));
    }

    private DeviceProxy placeAlone(DeviceRecord record, Optional<DeviceSocket> passed) throws DeviceException {
        DeviceSpec spec = record.spec();
        if (devices.containsKey(spec.name())) {
            throw DeviceException.conflict("device " + spec.name() + " exists");
        }
        if (devices.size() >= MAX_DEVICES) {
            throw DeviceException.conflict("there are %d devices already, the maximum is %d".formatted(devices.size(),
                    MAX_DEVICES));
        }
        requireFree(spec);
        prepareDirectory(spec.socket().getParent());
        EventLoop loop = LoopLoad.lightest(loops, devices.values()).loop();
        DeviceSocket socket = passed.isPresent() ? passed.get() : socket(spec);
        DeviceObserver observer = observers.apply(spec.name(), loop);
        Optional<KeptConnection> kept = connections.take(spec.name());
        ConnectionStore.Place place = connections.place(spec.name());
        CompletableFuture<HostedDevice> making = loop.submit(() -> {
            var device = new HostedDevice(record, host, timers, loop, socket, limits, observer);
            device.keepIn(place);
            if (kept.isPresent()) {
                recover(device, kept.get(), loop);
            } else {
                device.listen();
            }
            return device;
        });
        try {
            HostedDevice device = LoopAnswer.await(making,
                    DeviceException.noAnswer("device %s: its event loop did not answer within %d s; it was not created"
                            .formatted(spec.name(), LoopAnswer.DEADLINE.toSeconds())));
            var proxy = new DeviceProxy(device, loop, socket);
            devices.put(spec.name(), proxy);
            return proxy;
        } catch (DeviceException e) {
            undo(making, loop, socket, place);
            if (e.reason() == Reason.NO_ANSWER) {
                throw e;
            }
            throw DeviceException.failed("device " + spec.name() + " cannot be hosted: " + e.getMessage(), e);
        }
    }

    /** That no other device listens there is said by the socket itself. */
    private void requireFree(DeviceSpec spec) throws DeviceException {
        for (DeviceProxy other : devices.values()) {
            DeviceSpec theirs = other.device().spec();
            boolean isConnecting = spec.mode() == DeviceMode.CONNECT || theirs.mode() == DeviceMode.CONNECT;
            if (isConnecting && theirs.socket().equals(spec.socket())) {
                throw DeviceException.conflict("%s is also the socket of device %s".formatted(spec.socket(),
                        theirs.name()));
            }
        }
    }

    private static DeviceSocket socket(DeviceSpec spec) throws DeviceException {
        return spec.mode() == DeviceMode.CONNECT
                ? new ConnectingSocket(spec.socket())
                : ListeningSocket.bind(spec.socket());
    }

    private static void recover(HostedDevice device, KeptConnection kept, EventLoop loop) {
        try {
            device.recover(kept);
            loop.outbox().execute(() -> LOG.infof("%s: goes on with the front-end that was connected before",
                    device.spec().name()));
        } catch (DeviceException e) {
            loop.outbox().execute(() -> LOG.warn(e.getMessage()));
            device.listen();
        }
    }

    /** A loop that is late may still make the device, with this socket, whose file is gone then. */
    private static void undo(CompletableFuture<HostedDevice> making, EventLoop loop, DeviceSocket socket,
            ConnectionStore.Place place) {
        making.whenComplete((device, _) -> {
            if (device == null) {
                socket.stop();
                place.close();
            } else {
                loop.execute(device::close);
            }
            loop.outbox().execute(socket::deleteFile);
        });
    }

    /** Closes a device that was just placed, and forgets it. */
    void remove(DeviceProxy proxy) {
        devices.remove(proxy.name(), proxy);
        proxy.loop().submit(() -> {
            proxy.close();
            return null;
        });
    }

    private static void prepareDirectory(Path directory) throws DeviceException {
        try {
            PrivateDirectory.prepare(directory);
        } catch (IOException e) {
            throw DeviceException.impossible("socket", e.getMessage());
        }
    }
}
