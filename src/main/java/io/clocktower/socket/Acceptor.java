package io.clocktower.socket;

import io.clocktower.event.DeviceLog;
import io.clocktower.linux.Deadline;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Accepts front-ends at a device's socket, and tries again a second later where the host has no room for one. The device's
 * loop owns it.
 */
public final class Acceptor implements FrontEndSource {

    private static final long AGAIN_NS = TimeUnit.SECONDS.toNanos(1);

    private final Reactor reactor;
    private final DeviceLog log;
    private final Owner owner;
    private final Deadline again;
    private ListeningSocket socket;
    private Reactor.Watch watch;
    private volatile Optional<String> failure = Optional.empty();
    private boolean isRetired;

    /**
     * @param socket becomes its own
     */
    public Acceptor(ListeningSocket socket, Reactor reactor, DeviceLog log, Owner owner) {
        this.socket = socket;
        this.reactor = reactor;
        this.log = log;
        this.owner = owner;
        again = reactor.deadline(this::listen);
    }

    @Override
    public void listen() {
        try {
            watch = reactor.watchSlow(socket.number(), Epoll.EPOLLIN, _ -> onAcceptable());
            set(Optional.empty());
        } catch (LinuxException e) {
            onFailed(e);
        }
    }

    private void set(Optional<String> failure) {
        this.failure = failure;
        owner.onChanged();
    }

    private void onAcceptable() {
        Descriptor frontEnd = null;
        try {
            frontEnd = socket.accept();
        } catch (Exception | OutOfMemoryError e) {
            onFailed(e);
        }
        if (frontEnd != null) {
            owner.onFrontEnd(frontEnd);
        }
    }

    /** For example out of descriptors. The front-end waits in the backlog, so to try at once again would not help. */
    private void onFailed(Throwable e) {
        unwatch();
        again.setAfter(AGAIN_NS);
        set(Optional.of("cannot accept a front-end: " + e.getMessage()));
        log.write(DeviceLog.Kind.ACCEPT_FAILED, 0, failure.get());
    }

    @Override
    public Optional<String> failure() {
        return failure;
    }

    @Override
    public Optional<String> reason() {
        return failure;
    }

    @Override
    public void onGone() {
        // The next one connects.
    }

    @Override
    public boolean isConnecting() {
        return false;
    }

    @Override
    public void replace(ListeningSocket other) {
        if (isRetired) {
            other.stop();
            return;
        }
        unwatch();
        again.clear();
        socket.stop();
        socket = other;
        listen();
    }

    @Override
    public void fail(String reason) {
        if (!isRetired) {
            set(Optional.of(reason));
        }
    }

    /** Front-ends wait in the socket's backlog. */
    @Override
    public void pause() {
        again.clear();
        unwatch();
    }

    @Override
    public void proceed(boolean isConnected) {
        if (!isRetired) {
            listen();
        }
    }

    @Override
    public void retire() {
        if (!isRetired) {
            isRetired = true;
            again.clear();
            unwatch();
            socket.stop();
        }
    }

    private void unwatch() {
        if (watch != null) {
            Reactor.Watch closing = watch;
            watch = null;
            closing.close();
        }
    }
}
