package io.clocktower.socket;

import io.clocktower.event.DeviceLog;
import io.clocktower.linux.Deadline;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import io.clocktower.linux.UnixSocket;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Connects to the front-ends of a device, which listen, and tries again with growing pauses until it can. A path may be on a
 * disk that does not answer, so another thread connects. The device's loop owns it.
 */
public final class Connector implements FrontEndSource {

    static final long FIRST_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(100);
    static final long LONGEST_PAUSE_NS = TimeUnit.SECONDS.toNanos(5);
    /** After a connection that was as long as this the next try is made at once. */
    static final long GOOD_NS = TimeUnit.SECONDS.toNanos(1);

    private final ConnectingSocket socket;
    private final Reactor reactor;
    private final DeviceLog log;
    private final Owner owner;
    private final Executor elsewhere;
    private final Executor loop;
    private final Deadline again;
    private volatile Optional<String> reason = Optional.empty();
    /** An answer to an earlier try than this one comes too late. */
    private int tries;
    private long pauseNs = FIRST_PAUSE_NS;
    private long connectedNs;
    private boolean isTold;
    private boolean isRetired;

    /**
     * @param socket becomes its own
     * @param elsewhere runs what may take time
     * @param loop runs something on the device's loop
     */
    public Connector(ConnectingSocket socket, Reactor reactor, DeviceLog log, Owner owner, Executor elsewhere,
            Executor loop) {
        this.socket = socket;
        this.reactor = reactor;
        this.log = log;
        this.owner = owner;
        this.elsewhere = elsewhere;
        this.loop = loop;
        again = reactor.deadline(this::connect);
    }

    @Override
    public void listen() {
        socket.takeFirst().ifPresentOrElse(this::onConnected, this::connect);
    }

    private void connect() {
        int mine = ++tries;
        elsewhere.execute(() -> {
            Descriptor connection = null;
            String failure = null;
            try {
                connection = UnixSocket.connect(socket.path());
            } catch (LinuxException e) {
                failure = e.getMessage();
            }
            answer(mine, connection, failure);
        });
        owner.onChanged();
    }

    private void answer(int tried, Descriptor connection, String failure) {
        try {
            loop.execute(() -> onAnswer(tried, connection, failure));
        } catch (RejectedExecutionException e) {
            // The loop has too much to do, or has ended.
            if (connection != null) {
                connection.close();
            }
        }
    }

    private void onAnswer(int tried, Descriptor connection, String failure) {
        if (tried != tries || isRetired) {
            if (connection != null) {
                connection.close();
            }
        } else if (connection == null) {
            onFailed(failure);
        } else {
            onConnected(connection);
        }
    }

    private void onConnected(Descriptor connection) {
        reason = Optional.empty();
        connectedNs = reactor.nowNs();
        owner.onFrontEnd(connection);
    }

    private void onFailed(String failure) {
        reason = Optional.of("cannot connect to %s: %s".formatted(socket.path(), failure));
        again.setAfter(pauseNs / 2 + ThreadLocalRandom.current().nextLong(pauseNs / 2));
        pauseNs = Math.min(2 * pauseNs, LONGEST_PAUSE_NS);
        owner.onChanged();
        if (!isTold) {
            isTold = true;
            log.write(DeviceLog.Kind.CONNECT_FAILED, 0, reason.get() + "; trying again");
        }
    }

    @Override
    public Optional<String> failure() {
        return Optional.empty();
    }

    @Override
    public Optional<String> reason() {
        return reason;
    }

    @Override
    public void onGone() {
        if (isRetired) {
            return;
        }
        if (reactor.nowNs() - connectedNs < GOOD_NS) {
            onFailed("the last connection ended at once");
            return;
        }
        pauseNs = FIRST_PAUSE_NS;
        isTold = false;
        connect();
    }

    @Override
    public boolean isConnecting() {
        return true;
    }

    @Override
    public void replace(ListeningSocket other) {
        other.stop();
    }

    @Override
    public void fail(String reason) {
        // It has no file.
    }

    @Override
    public void pause() {
        again.clear();
        tries++;
    }

    @Override
    public void proceed(boolean isConnected) {
        if (isRetired) {
            return;
        }
        if (isConnected) {
            connectedNs = reactor.nowNs();
        } else {
            connect();
        }
    }

    @Override
    public void retire() {
        isRetired = true;
        again.clear();
        tries++;
        socket.stop();
    }
}
