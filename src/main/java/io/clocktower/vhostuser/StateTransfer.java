package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Pipe;
import io.clocktower.linux.Reactor;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * The transfer of a device's state to or from the front-end, for a migration. vhost-user, "Migrating back-end state".
 *
 * <p>
 * The channel is a pipe of our own, whose other end the reply gives to the front-end. What the front-end offers is not used:
 * it shares that open file, so it could make a read or a write on it wait at any time. When saving, the pipe holds the whole
 * state before the front-end gets its end; when loading, the state is read as it comes, up to a limit.
 *
 * <p>
 * An error is answered, and ends the transfer, not the connection. The connection's thread owns this.
 */
final class StateTransfer {

    /** No state is longer. */
    static final int MAX_BYTES = Pipe.ATOMIC_BYTES;

    private static final int SAVE = 0;
    private static final int LOAD = 1;
    private static final int STOPPED = 0;
    private static final long DONE = 0;
    private static final long FAILED = 1;
    /** The invalid FD flag. */
    private static final long NO_DESCRIPTOR = 0x100;

    private final Session session;
    private final VirtioDevice device;
    private final BackEndListener listener;
    private final Reactor reactor;
    private final BooleanSupplier isSuspended;

    private Phase phase = Phase.NONE;
    /** Why it failed. */
    private String failure;
    /** While a state is loaded, until the front-end has closed its end. */
    private Descriptor readEnd;
    private Reactor.Watch watch;
    private byte[] received;
    private int count;

    private enum Phase {
        NONE, SAVED, LOADING, FAILED
    }

    /**
     * @param isSuspended whether all vrings are stopped
     */
    StateTransfer(Session session, VirtioDevice device, BackEndListener listener, Reactor reactor,
            BooleanSupplier isSuspended) {
        this.session = session;
        this.device = device;
        this.listener = listener;
        this.reactor = reactor;
        this.isSuspended = isSuspended;
    }

    /** Handles SET_DEVICE_STATE_FD. A transfer that is under way ends. */
    BackEnd.Answer begin(Message message) throws ProtocolException {
        requireNegotiated();
        abandon();
        try {
            message.requireDescriptors(1);
            if (message.phase() != STOPPED) {
                throw new ProtocolException("migration phase %s, expected %d (stopped)"
                        .formatted(Integer.toUnsignedString(message.phase()), STOPPED));
            }
            requireSuspended();
            return new BackEnd.Answer(DONE, switch (message.direction()) {
                case SAVE -> save();
                case LOAD -> load();
                default -> throw new ProtocolException("transfer direction %s, expected %d (save) or %d (load)"
                        .formatted(Integer.toUnsignedString(message.direction()), SAVE, LOAD));
            });
        } catch (ProtocolException | LinuxException e) {
            abandon();
            listener.onProtocolError("SET_DEVICE_STATE_FD: " + e.getMessage());
            return new BackEnd.Answer(FAILED | NO_DESCRIPTOR, null);
        }
    }

    private void requireNegotiated() throws ProtocolException {
        session.require(VhostUserFeature.DEVICE_STATE, "DEVICE_STATE");
    }

    private void requireSuspended() throws ProtocolException {
        if (!isSuspended.getAsBoolean()) {
            throw new ProtocolException("the device's state cannot be transferred while a vring is not stopped");
        }
    }

    private Descriptor save() {
        byte[] state = device.save();
        Pipe pipe = Pipe.create();
        try {
            pipe.fill(state);
            phase = Phase.SAVED;
            return pipe.readEnd().move();
        } finally {
            pipe.close();
        }
    }

    private Descriptor load() {
        Pipe pipe = Pipe.create();
        try {
            pipe.readEnd().makeNonBlocking();
            watch = reactor.watchSlow(pipe.readEnd().number(), Epoll.EPOLLIN, _ -> onReadable());
            readEnd = pipe.readEnd().move();
            // One more than is valid, so that a state that is too long is found.
            received = new byte[MAX_BYTES + 1];
            count = 0;
            phase = Phase.LOADING;
            return pipe.writeEnd().move();
        } finally {
            pipe.close();
        }
    }

    private void onReadable() {
        try {
            read();
        } catch (LinuxException e) {
            fail(e.getMessage());
        }
    }

    /** Reads what has come, and answers whether there may be more. */
    private boolean read() {
        int part = Pipe.read(readEnd, received, count);
        if (part == Pipe.END) {
            closeReadEnd();
        } else if (part != Pipe.NOTHING) {
            count += part;
            if (count > MAX_BYTES) {
                // The front-end must not wait for room in the pipe.
                fail("a state of more than %d bytes".formatted(MAX_BYTES));
            }
        }
        return part != Pipe.NOTHING && readEnd != null;
    }

    /**
     * Handles CHECK_DEVICE_STATE, which the front-end sends after the transfer: answers whether all of it succeeded, and loads
     * the state that has come.
     */
    long check() throws ProtocolException {
        requireNegotiated();
        try {
            if (phase == Phase.LOADING) {
                loadReceived();
            }
            if (phase == Phase.NONE) {
                throw new ProtocolException("no state was transferred");
            }
        } catch (ProtocolException | LinuxException e) {
            fail(e.getMessage());
        }
        boolean isDone = phase != Phase.FAILED;
        if (isDone) {
            listener.onTransferred(phase == Phase.LOADING);
        } else {
            listener.onProtocolError("CHECK_DEVICE_STATE: " + failure);
        }
        abandon();
        return isDone ? DONE : FAILED;
    }

    private void loadReceived() throws ProtocolException {
        requireSuspended();
        while (readEnd != null && read()) {
            // A state is as long as the buffer at the most.
        }
        if (phase == Phase.FAILED) {
            return;
        }
        if (readEnd != null) {
            throw new ProtocolException("the front-end has not closed its end after %d bytes".formatted(count));
        }
        device.load(Arrays.copyOf(received, count));
    }

    private void fail(String reason) {
        abandon();
        phase = Phase.FAILED;
        failure = reason;
    }

    /** Ends a transfer that is under way; a check then says that it failed. */
    void abandon() {
        phase = Phase.NONE;
        received = null;
        closeReadEnd();
    }

    private void closeReadEnd() {
        if (readEnd != null) {
            watch.close();
            readEnd.close();
            readEnd = null;
        }
    }
}
