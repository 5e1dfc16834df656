package io.clocktower.device;

import io.clocktower.linux.Deadline;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/** Accepts front-ends at a device's socket; where the host has no room for one, a second later. One thread owns it. */
final class Acceptor {

    private static final long AGAIN_NS = TimeUnit.SECONDS.toNanos(1);

    private final ListeningSocket socket;
    private final Reactor reactor;
    private final FaultLog faults;
    private final Owner owner;
    private final Deadline again;
    private Reactor.Watch watch;
    private Optional<String> failure = Optional.empty();
    private boolean isRetired;

    /** Whose front-ends they are. */
    interface Owner {

        /** A front-end connected; the channel is the owner's now. */
        void onFrontEnd(AFUNIXSocketChannel channel);

        /** Front-ends can be accepted again, or cannot any more. */
        void onChanged();
    }

    /**
     * @param socket becomes its own
     */
    Acceptor(ListeningSocket socket, Reactor reactor, FaultLog faults, Owner owner) {
        this.socket = socket;
        this.reactor = reactor;
        this.faults = faults;
        this.owner = owner;
        again = reactor.deadline(this::listen);
    }

    /** Begins to accept. */
    void listen() {
        try {
            watch = reactor.watch(socket.number(), Epoll.EPOLLIN, _ -> onAcceptable());
            failure = Optional.empty();
            owner.onChanged();
        } catch (IOException | LinuxException e) {
            onFailed(e);
        }
    }

    private void onAcceptable() {
        try {
            AFUNIXSocketChannel channel = socket.accept();
            if (channel != null) {
                owner.onFrontEnd(channel);
            }
        } catch (IOException e) {
            onFailed(e);
        }
    }

    /** Out of descriptors, say. The front-end waits in the backlog, so trying at once and on and on would not help. */
    private void onFailed(Exception e) {
        failure = Optional.of("cannot accept a front-end: " + e.getMessage());
        owner.onChanged();
        faults.report(FaultLog.Kind.ACCEPT_FAILED, failure.get());
        unwatch();
        again.setAfter(AGAIN_NS);
    }

    /** Why front-ends cannot be accepted now. */
    Optional<String> failure() {
        return failure;
    }

    /** Accepts none any more. */
    void retire() {
        if (!isRetired) {
            isRetired = true;
            again.clear();
            unwatch();
            socket.close();
        }
    }

    private void unwatch() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }
}
