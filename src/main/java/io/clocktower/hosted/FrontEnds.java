package io.clocktower.hosted;

import io.clocktower.clock.HostClock;
import io.clocktower.counter.CounterLookup;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceLog;
import io.clocktower.event.EventLimit;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import io.clocktower.loop.EventLoop;
import io.clocktower.socket.Acceptor;
import io.clocktower.socket.ConnectingSocket;
import io.clocktower.socket.Connector;
import io.clocktower.socket.DeviceSocket;
import io.clocktower.socket.FrontEndSource;
import io.clocktower.socket.ListeningSocket;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.status.DeviceCounters;
import io.clocktower.status.DeviceState;
import io.clocktower.vhostuser.BackEndListener;
import io.clocktower.vhostuser.BackEndStatus;
import io.clocktower.vhostuser.Connection;
import io.clocktower.vhostuser.DeviceLimits;
import io.clocktower.vhostuser.FrontEndState;
import io.clocktower.vhostuser.LimitException;
import io.clocktower.vhostuser.Peer;
import io.clocktower.vhostuser.ProtocolException;
import io.clocktower.vhostuser.VirtioDevice;
import java.util.Optional;
import java.util.function.Supplier;

/** The front-ends of a device, of which one at a time is connected. The device's loop owns it. */
final class FrontEnds {

    private static final int EVENTS_PER_SECOND = 10;

    private final Supplier<DeviceSpec> spec;
    private final VirtioDevice virtio;
    private final HostClock host;
    private final Reactor reactor;
    private final DeviceLimits limits;
    private final DeviceCounters counters;
    private final DeviceObserver observer;
    private final DeviceLog log;
    private final FrontEndSource source;
    private final EventLimit eventLimit;
    private final ConnectionKeeper keeper;
    private Connection connection;

    /**
     * @param virtio the device that the front-end connects to
     * @param socket becomes its own
     * @param limits of this device
     */
    FrontEnds(Supplier<DeviceSpec> spec, VirtioDevice virtio, HostClock host, Reactor reactor, DeviceCounters counters,
            DeviceLog log, DeviceSocket socket, EventLoop loop, DeviceLimits limits, DeviceObserver observer,
            Supplier<Optional<CounterLookup.Known>> knownCounter) {
        this.spec = spec;
        this.virtio = virtio;
        this.host = host;
        this.reactor = reactor;
        this.limits = limits;
        this.counters = counters;
        this.observer = observer;
        this.log = log;
        source = switch (socket) {
            case ListeningSocket listening -> new Acceptor(listening, reactor, log, new Accepted());
            case ConnectingSocket connecting -> new Connector(connecting, reactor, log, new Accepted(), loop.outbox(),
                    loop::execute);
        };
        keeper = new ConnectionKeeper(spec.get(), () -> connection, knownCounter, reactor);
        eventLimit = new EventLimit(EVENTS_PER_SECOND, reactor::nowNs);
    }

    /** Keeps the connections here. */
    void keepIn(ConnectionStore.Place place) {
        keeper.keepIn(place);
    }

    /** Begins to accept front-ends. */
    void listen() {
        source.listen();
    }

    /** Accepts no more front-ends; one that is connected is still served. */
    void retire() {
        source.retire();
    }

    /** Does nothing more until {@link #proceed}, and answers what the front-end that is connected has set up. */
    Optional<FrontEndState> pause() {
        source.pause();
        keeper.onPause();
        if (connection == null) {
            return Optional.empty();
        }
        connection.pause();
        return Optional.of(connection.state());
    }

    /** Goes on after a pause. */
    void proceed() {
        source.proceed(connection != null);
        if (connection != null) {
            // First: what was kept may say how far the rings came, and that is no longer so then.
            keeper.onChange();
            connection.proceed();
        }
    }

    /** Takes over the front-end of an earlier connection, and is paused. Its descriptors are taken or closed in any case. */
    void resume(FrontEndState state) throws DeviceException {
        try {
            connection = Connection.resume(state, virtio, new Listener(), reactor, limits,
                    spec.get().pollWindow().toNanos());
            counters.onState(state());
        } catch (LimitException | ProtocolException | LinuxException e) {
            throw DeviceException.failed("device %s: its front-end cannot be taken over: %s"
                    .formatted(spec.get().name(), e.getMessage()), e);
        }
    }

    /** The same of a connection that an earlier process left; what is kept of one that cannot go on is forgotten. */
    void recover(KeptConnection kept) throws DeviceException {
        keeper.recover(kept, this::resume);
    }

    /** Lets go of the front-end and of the socket: another process has both now. */
    void abandon() {
        Connection gone = connection;
        connection = null;
        try {
            source.retire();
        } finally {
            if (gone != null) {
                gone.abandon();
                keeper.onGone();
            }
        }
    }

    boolean isConnected() {
        return connection != null;
    }

    /** Whether a front-end is connected that loses the device when this process ends. */
    boolean isNeeded() {
        return connection != null && !keeper.isLeaving();
    }

    /** Closes the connection of the front-end that is connected, or leaves it to the process that follows. */
    void end() {
        Connection left = connection;
        if (left == null || !keeper.isLeaving()) {
            disconnect();
            keeper.close();
            return;
        }
        left.pause();
        keeper.leave();
        connection = null;
        left.abandon();
    }

    /** The process of the front-end that is connected. */
    Peer peer() {
        return connection.peer();
    }

    /** What the front-end that is connected has negotiated. */
    Optional<BackEndStatus> status() {
        return Optional.ofNullable(connection).map(Connection::status);
    }

    /** Why none can be accepted now. */
    Optional<String> failure() {
        return source.failure();
    }

    /** Why none is there, if more is to be said than that none came. */
    Optional<String> reason() {
        return source.reason().or(keeper::failure);
    }

    /** Runs a ring for which the device has something, rather than the driver. */
    void run(int queueIndex) {
        if (connection != null) {
            connection.run(queueIndex);
        }
    }

    /** Accepts at another socket from now on. */
    void replace(ListeningSocket socket) {
        source.replace(socket);
    }

    /** The socket is gone, and cannot be replaced. */
    void fail(String reason) {
        source.fail(reason);
    }

    /** Closes the connection of the front-end that is connected. Whatever that throws, none is connected then. */
    void disconnect() {
        Connection closing = connection;
        if (closing != null) {
            try {
                closing.close();
            } finally {
                if (connection == closing) {
                    connection = null;
                    keeper.onGone();
                    counters.onState(state());
                    observer.onDisconnected();
                    source.onGone();
                }
            }
        }
    }

    /** How far the device is from serving a guest; whether the guest's driver runs is not looked at. */
    DeviceState state() {
        if (connection != null) {
            return DeviceState.CONNECTED;
        }
        if (source.isConnecting()) {
            return DeviceState.CONNECTING;
        }
        return source.failure().isPresent() ? DeviceState.FAILED : DeviceState.WAITING;
    }

    /** The same with what is known of the guest's driver. */
    DeviceState state(Optional<BackEndStatus> backEnd) {
        return backEnd.filter(BackEndStatus::isRunning).isPresent() ? DeviceState.RUNNING : state();
    }

    private void publish(DeviceEvent.Type type, Peer peer) {
        if (eventLimit.passes()) {
            observer.onEvent(DeviceEvent.of(host, type, spec.get(), "front-end of pid %d, uid %d %s%s"
                    .formatted(peer.pid(), peer.uid(), type.word(), eventLimit.told())));
        }
    }

    private final class Accepted implements FrontEndSource.Owner {

        @Override
        public void onChanged() {
            counters.onState(state());
        }

        @Override
        public void onFrontEnd(Descriptor socket) {
            if (connection != null && connection.isHungUp()) {
                // The new front-end was faster than the news that the previous one has gone.
                disconnect();
            }
            if (connection != null) {
                refuse(socket);
                return;
            }
            try {
                connection = Connection.open(socket, virtio, new Listener(), reactor, limits,
                        spec.get().pollWindow().toNanos());
            } catch (LimitException e) {
                counters.on(DeviceCounters.Event.CONNECTION_REFUSED);
                log.write(DeviceLog.Kind.FRONT_END_REFUSED, 0, "refused a front-end: " + e.getMessage());
                return;
            } catch (LinuxException e) {
                log.write(DeviceLog.Kind.FRONT_END_LOST, 0, "front-end lost while it connected: " + e.getMessage());
                return;
            } finally {
                if (connection == null) {
                    socket.close();
                    source.onGone();
                }
            }
            counters.on(DeviceCounters.Event.CONNECTION_ACCEPTED);
            keeper.onChange();
            onChanged();
            Peer peer = connection.peer();
            log.write(DeviceLog.Kind.CONNECTED, peer.pid(),
                    "front-end of pid %d, uid %d connected".formatted(peer.pid(), peer.uid()));
            publish(DeviceEvent.Type.CONNECTED, peer);
        }

        private void refuse(Descriptor socket) {
            socket.close();
            counters.on(DeviceCounters.Event.CONNECTION_REFUSED);
            log.write(DeviceLog.Kind.FRONT_END_REFUSED, 0,
                    "refused a second front-end while the one of pid %d is connected"
                            .formatted(connection.peer().pid()));
        }
    }

    private final class Listener implements BackEndListener {

        @Override
        public void onReading() {
            keeper.onChange();
        }

        @Override
        public void onProtocolError(String message) {
            counters.on(DeviceCounters.Event.PROTOCOL_ERROR);
            log.write(DeviceLog.Kind.PROTOCOL_ERROR, pid(), "front-end: " + message);
        }

        @Override
        public void onRingBroken(int index, String reason) {
            counters.on(DeviceCounters.Event.RING_ERROR);
            keeper.onChange();
            log.write(DeviceLog.Kind.RING_ERROR, pid(), "virtqueue %d is broken until it is reset: %s".formatted(index,
                    reason));
        }

        @Override
        public void onTransferred(boolean isLoaded) {
            log.write(DeviceLog.Kind.MIGRATION, pid(), isLoaded
                    ? "the guest's state was loaded after a migration"
                    : "the guest's state was saved for a migration");
        }

        @Override
        public void onClosed() {
            Connection closed = connection;
            connection = null;
            keeper.onGone();
            counters.onState(state());
            observer.onDisconnected();
            Peer peer = closed.peer();
            log.write(DeviceLog.Kind.DISCONNECTED, peer.pid(),
                    "front-end of pid %d disconnected".formatted(peer.pid()));
            publish(DeviceEvent.Type.DISCONNECTED, peer);
            source.onGone();
        }

        private long pid() {
            return connection == null ? 0 : connection.peer().pid();
        }
    }
}
