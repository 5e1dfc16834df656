package io.clocktower.hosted;

import io.clocktower.counter.CounterLookup;
import io.clocktower.linux.Deadline;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.vhostuser.Connection;
import io.clocktower.vhostuser.FrontEndState;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Keeps a device's connection up to date in its place. A front-end can have that done a few times a second and not for each of
 * its messages. The device's loop owns it.
 */
final class ConnectionKeeper {

    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(20);
    /** If it was kept within {@link #AGAIN_NS}. */
    private static final long LONG_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long AGAIN_NS = TimeUnit.SECONDS.toNanos(1);

    private final DeviceSpec spec;
    private final Supplier<Connection> connection;
    private final Supplier<Optional<CounterLookup.Known>> counter;
    private final Deadline later;
    private final Reactor reactor;
    private long keptNs;
    private ConnectionStore.Place place = ConnectionStore.Place.NONE;

    /**
     * @param spec of the device, whose clocks never change
     * @param connection answers null while no front-end is connected
     */
    ConnectionKeeper(DeviceSpec spec, Supplier<Connection> connection, Supplier<Optional<CounterLookup.Known>> counter,
            Reactor reactor) {
        this.spec = spec;
        this.connection = connection;
        this.counter = counter;
        this.reactor = reactor;
        keptNs = reactor.nowNs() - AGAIN_NS;
        later = reactor.deadline(this::keep);
    }

    void keepIn(ConnectionStore.Place other) {
        place = other;
    }

    /** Goes on with a connection. */
    interface Resumption {
        void resume(FrontEndState frontEnd) throws DeviceException;
    }

    /**
     * Goes on with a connection that was kept.
     *
     * @throws DeviceException if that cannot be, or its guest knows other clocks; it is closed and forgotten then
     */
    void recover(KeptConnection kept, Resumption resumption) throws DeviceException {
        try {
            check(kept);
            resumption.resume(kept.frontEnd());
        } catch (DeviceException e) {
            onGone();
            throw e;
        }
    }

    private void check(KeptConnection kept) throws DeviceException {
        if (!kept.clocks().equals(spec.clocks())) {
            kept.frontEnd().close();
            throw DeviceException
                    .conflict("device %s: its front-end is disconnected, as the device has other clocks now"
                            .formatted(spec.name()));
        }
    }

    /** Why the connection would not outlive this process, although it is to be kept. */
    Optional<String> failure() {
        return place.failure();
    }

    /** The connection may change from now on. */
    void onChange() {
        if (place != ConnectionStore.Place.NONE) {
            place.invalidate();
            if (!later.isSet()) {
                later.setAfter(reactor.nowNs() - keptNs < AGAIN_NS ? LONG_PAUSE_NS : PAUSE_NS);
            }
        }
    }

    private void keep() {
        if (connection.get() != null) {
            keep(connection.get().stateWithoutProgress());
        }
    }

    private void keep(FrontEndState state) {
        keptNs = reactor.nowNs();
        try {
            place.keep(new KeptConnection(spec.clocks(), state.duplicate(), counter.get()));
        } catch (LinuxException e) {
            // Out of descriptors, for example.
            later.setAfter(AGAIN_NS);
        }
    }

    /** The connection pauses, and may go on in another process: this one says so itself. */
    void onPause() {
        later.clear();
        place.invalidate();
    }

    /** The connection has gone, or goes on in a process that knows of it. */
    void onGone() {
        later.clear();
        place.forget();
    }

    boolean isLeaving() {
        return place.isLeaving();
    }

    /** Keeps the connection, which is paused, exactly as it is. */
    void leave() {
        later.clear();
        keep(connection.get().state());
        later.clear();
    }

    /** The device ends. */
    void close() {
        later.clear();
        place.close();
    }
}
