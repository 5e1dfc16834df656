package io.clocktower.vhostuser;

import io.clocktower.linux.Closing;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import io.clocktower.memory.DirtyLog;
import io.clocktower.memory.InvalidMemoryException;
import java.util.function.Consumer;

/**
 * The logging of what the device writes to guest memory, as the front-end has set it up: the log, and an eventfd that says
 * that there is something new in it. vhost-user, "Migration". The connection's thread owns it.
 */
final class WriteLogging implements DirtyLog.Listener {

    private final Session session;
    private final DirtyLog log;
    private final Reactor reactor;
    private final Consumer<String> onFailure;
    private EventFd event;
    private boolean isResting;
    /** Why the connection has to end; null for most. */
    private String failure;

    /**
     * @param log that of the device's memory
     * @param onFailure ends the connection, for the reason that it is given
     */
    WriteLogging(Session session, DirtyLog log, Reactor reactor, Consumer<String> onFailure) {
        this.session = session;
        this.log = log;
        this.reactor = reactor;
        this.onFailure = onFailure;
        log.begin(this);
    }

    /**
     * Handles SET_LOG_BASE, and answers the payload of the reply. A front-end does not look at that: where writes cannot be
     * logged, only a connection that ends says so.
     */
    long set(Message message) throws ProtocolException {
        session.require(VhostUserFeature.LOG_SHMFD, "LOG_SHMFD");
        message.requireDescriptors(1);
        set(message.descriptors().getFirst(), message.log());
        return 0;
    }

    /**
     * @param file is moved away, unless an exception is thrown
     */
    private void set(Descriptor file, DirtyLog.Place place) throws ProtocolException {
        try {
            log.set(file, place);
        } catch (InvalidMemoryException | LinuxException e) {
            throw new ProtocolException(e.getMessage());
        }
    }

    void setEvent(EventFd event) {
        closeEvent();
        this.event = event;
        log.takeMarked();
    }

    /** What the front-end negotiated has changed. */
    void onFeatures() {
        log.setEnabled(session.isLogged());
    }

    /** In the next turn, and then once for all that was written until then. */
    @Override
    public void onMarked() {
        if (event != null) {
            reactor.putOff(this::signal);
        }
    }

    private void signal() {
        log.takeMarked();
        if (event != null) {
            event.signal();
        }
    }

    /** The migration would lose the page, so the front-end has to learn of it. */
    @Override
    public void onOutside(long guestAddress) {
        failure = "a write to guest address %#x, for which the dirty log of %d bytes has no bit"
                .formatted(guestAddress, log.place().sizeBytes());
        reactor.putOff(this::endConnection);
    }

    private void endConnection() {
        if (!isResting && failure != null) {
            onFailure.accept(failure);
        }
    }

    /** Ends no connection until {@link #proceed}. */
    void pause() {
        isResting = true;
    }

    void proceed() {
        isResting = false;
        reactor.putOff(this::endConnection);
    }

    FrontEndState.Log state() {
        return new FrontEndState.Log(log.place(), log.file(), event == null ? null : event.descriptor());
    }

    /** Goes on with the log of an earlier connection of the same front-end. */
    void restore(FrontEndState.Log state) throws ProtocolException {
        if (state.place() == null != (state.file() == null)) {
            throw new ProtocolException("a dirty log without its file, or a file without its place");
        }
        if (state.event() != null) {
            event = EventFd.adopt(state.event(), reactor.signals());
        }
        if (state.place() != null) {
            set(state.file(), state.place());
        }
        onFeatures();
    }

    private void closeEvent() {
        if (event != null) {
            event.close();
            event = null;
        }
    }

    void close() {
        isResting = true;
        Closing.all(this::closeEvent, log::end);
    }
}
