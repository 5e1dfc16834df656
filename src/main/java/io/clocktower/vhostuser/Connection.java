package io.clocktower.vhostuser;

import io.clocktower.linux.Closing;
import io.clocktower.linux.Deadline;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.Fields;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.MessageSocket;
import io.clocktower.linux.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/**
 * One front-end's connection, from accept to close: it reads messages, lets the back-end act on them, and replies.
 *
 * <p>
 * An invalid message is refused: by an acknowledgement that says so, if the front-end asked for one under REPLY_ACK, or else
 * by closing the connection. After an invalid header the connection is always closed. The thread that opens it owns it.
 */
public final class Connection implements AutoCloseable {

    /** A front-end sends a message whole; the rest of one may take this long. */
    private static final long MESSAGE_DEADLINE_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int MESSAGES_A_TURN = 16;
    private static final int REPLY_BYTES = Message.HEADER_BYTES + Message.U64_BYTES;
    private static final long ACK = 0;
    private static final long NACK = 1;

    private final Descriptor descriptor;
    private final BackEndListener listener;
    private final BackEnd backEnd;
    private final DeviceLimits limits;
    private final Peer peer;
    private final Arena arena;
    private final MessageSocket socket;
    private final Message message;
    private final MessageReader reader;
    private final MemorySegment reply;
    private final Reactor reactor;
    private Reactor.Watch watch;
    /** Whether the device has yet to hear of what was negotiated over an earlier connection. */
    private boolean isResumed;
    private final Deadline messageDeadline;
    private boolean isClosed;

    private Connection(Descriptor descriptor, VirtioDevice device, BackEndListener listener, Reactor reactor,
            DeviceLimits limits, long pollWindowNs, Arena arena) {
        this.descriptor = descriptor;
        this.arena = arena;
        this.listener = listener;
        this.limits = limits;
        peer = Peer.of(descriptor);
        backEnd = new BackEnd(device, listener, reactor, limits.memory(), pollWindowNs, this::fail);
        socket = new MessageSocket(descriptor.number(), Message.MAX_DESCRIPTORS, arena);
        message = new Message(arena, limits::close);
        reply = arena.allocate(REPLY_BYTES, Long.BYTES);
        reader = new MessageReader(socket, message);
        messageDeadline = reactor.deadline(() -> fail("incomplete message, and nothing more for 2 s"));
        this.reactor = reactor;
    }

    /**
     * Takes over a socket that was accepted.
     *
     * @param descriptor a non-blocking socket; still the caller's after an exception
     * @param pollWindowNs how long after a request the rings are polled before the reactor waits
     * @throws LimitException if the connection would pass a limit of the process
     * @throws LinuxException if a call to the kernel fails
     */
    public static Connection open(Descriptor descriptor, VirtioDevice device, BackEndListener listener, Reactor reactor,
            DeviceLimits limits, long pollWindowNs) throws LimitException {
        var connection = make(descriptor, device, listener, reactor, limits, pollWindowNs);
        boolean isOpen = false;
        try {
            connection.listen();
            isOpen = true;
            return connection;
        } finally {
            if (!isOpen) {
                connection.letGo();
            }
        }
    }

    private static Connection make(Descriptor descriptor, VirtioDevice device, BackEndListener listener,
            Reactor reactor, DeviceLimits limits, long pollWindowNs) throws LimitException {
        limits.reserve();
        Arena arena = Arena.ofConfined();
        boolean isMade = false;
        try {
            var connection = new Connection(descriptor, device, listener, reactor, limits, pollWindowNs, arena);
            isMade = true;
            return connection;
        } finally {
            if (!isMade) {
                arena.close();
                limits.release();
            }
        }
    }

    private void letGo() {
        arena.close();
        limits.release();
    }

    private void listen() {
        watch = reactor.watchSlow(descriptor.number(), Epoll.EPOLLIN | Epoll.EPOLLRDHUP, _ -> onReadable());
    }

    /**
     * Takes over a front-end from a connection that is paused, in this process or in another one. The new connection is
     * paused too, and leaves alone all that others may still use, until {@link #proceed}.
     *
     * @param state whose descriptors become the connection's, also after an exception
     * @throws LimitException if the connection would pass a limit of the process
     * @throws ProtocolException if it cannot be resumed; the message says why
     * @throws LinuxException if a call to the kernel fails
     */
    public static Connection resume(FrontEndState state, VirtioDevice device, BackEndListener listener,
            Reactor reactor, DeviceLimits limits, long pollWindowNs) throws LimitException, ProtocolException {
        boolean isResumed = false;
        try {
            var connection = make(state.socket(), device, listener, reactor, limits, pollWindowNs);
            try {
                connection.backEnd.restore(state);
                connection.reader.restore(state.received());
                connection.isResumed = true;
                isResumed = true;
                return connection;
            } catch (IllegalArgumentException e) {
                throw new ProtocolException("a descriptor that must be an eventfd is not one");
            } finally {
                if (!isResumed) {
                    connection.abandon();
                }
            }
        } finally {
            if (!isResumed) {
                state.close();
            }
        }
    }

    /**
     * Does nothing more until {@link #proceed}: not on messages, nor on kicks, nor for the device. The driver's notifications
     * are on, so nothing that comes during the pause is lost.
     */
    public void pause() {
        messageDeadline.clear();
        unwatch();
        backEnd.pause();
    }

    /** What makes up a connection that is paused. The descriptors in it stay the connection's. */
    public FrontEndState state() {
        return backEnd.state(descriptor, reader.received());
    }

    /**
     * What makes up a connection that goes on, without what each request changes: {@link #resume} finds that in guest memory.
     * Descriptors stay the connection's.
     */
    public FrontEndState stateWithoutProgress() {
        return state().withoutProgress();
    }

    /** Goes on after a pause, with all that came during it. */
    public void proceed() {
        if (isResumed) {
            isResumed = false;
            backEnd.announce();
        }
        listen();
        expectRest();
        backEnd.proceed();
    }

    /** Lets go of a connection that is paused, and that another one has resumed: front-end, guest and device do not notice. */
    public void abandon() {
        if (!isClosed) {
            isClosed = true;
            Closing.all(messageDeadline::clear, message::closeDescriptors, backEnd::abandon, this::unwatch,
                    descriptor::close, limits::release, arena::close);
        }
    }

    private void unwatch() {
        if (watch != null) {
            Reactor.Watch closing = watch;
            watch = null;
            closing.close();
        }
    }

    /** Whether the front-end has gone, even if messages that it sent before still wait. */
    public boolean isHungUp() {
        return socket.isHungUp();
    }

    public Peer peer() {
        return peer;
    }

    public BackEndStatus status() {
        return new BackEndStatus(peer, backEnd.session().features(), backEnd.session().protocolFeatures(),
                backEnd.session().memory().regions().size(), backEnd.isRunning(), backEnd.vrings());
    }

    /** Runs a ring for which the device has something, rather than the driver. */
    public void run(int queueIndex) {
        backEnd.run(queueIndex);
    }

    private void onReadable() {
        listener.onReading();
        try {
            for (int i = 0; i < MESSAGES_A_TURN && !isClosed; i++) {
                if (limits.hasTooManyUnclosed()) {
                    throw new ProtocolException("too many of the files that it sent are still being closed");
                }
                switch (reader.read()) {
                    case COMPLETE -> onMessage();
                    case INCOMPLETE -> {
                        expectRest();
                        return;
                    }
                    case END -> {
                        if (reader.isInMessage()) {
                            fail("connection closed inside a message");
                        } else {
                            close();
                        }
                    }
                }
            }
        } catch (ProtocolException | LinuxException e) {
            fail(e.getMessage());
        } catch (RuntimeException | Error e) {
            fail("unexpected " + e);
            throw e;
        }
    }

    private void expectRest() {
        if (reader.isInMessage()) {
            if (!messageDeadline.isSet()) {
                messageDeadline.setAfter(MESSAGE_DEADLINE_NS);
            }
        } else {
            messageDeadline.clear();
        }
    }

    private void onMessage() throws ProtocolException {
        messageDeadline.clear();
        boolean wantsAck = message.needsReply() && backEnd.session().hasReplyAck();
        FrontEndRequest request = FrontEndRequest.of(message.request());
        boolean hasReply = request != null && request.hasReply();
        try {
            check(request);
            if (hasReply) {
                answer(backEnd.answer(request, message));
            } else {
                backEnd.act(request, message);
                if (wantsAck) {
                    reply(ACK);
                }
            }
        } catch (ProtocolException e) {
            String name = request == null ? "request " + Integer.toUnsignedString(message.request()) : request.name();
            if (wantsAck && !hasReply) {
                listener.onProtocolError(name + ": " + e.getMessage());
                reply(NACK);
            } else {
                fail(name + ": " + e.getMessage());
            }
        } finally {
            message.closeDescriptors();
        }
    }

    private void check(FrontEndRequest request) throws ProtocolException {
        if (request == null) {
            throw new ProtocolException("unknown");
        }
        if (!request.takesPayload(message.payloadBytes())) {
            throw new ProtocolException("payload of %d bytes".formatted(message.payloadBytes()));
        }
        if (!request.takesDescriptors()) {
            message.requireDescriptors(0);
        }
    }

    private void answer(BackEnd.Answer answer) throws ProtocolException {
        try (Descriptor passed = answer.passed()) {
            reply(answer.payload(), passed);
        }
    }

    private void reply(long payload) throws ProtocolException {
        reply(payload, null);
    }

    /** A front-end waits for each reply, so the socket has room for it. */
    private void reply(long payload, Descriptor passed) throws ProtocolException {
        Fields.setI32(reply, 0, message.request());
        Fields.setI32(reply, Message.FLAGS_OFFSET, Message.VERSION | Message.FLAG_REPLY);
        Fields.setI32(reply, Message.SIZE_OFFSET, Message.U64_BYTES);
        Fields.setI64(reply, Message.HEADER_BYTES, payload);
        int sent = passed == null ? socket.send(reply) : socket.send(reply, passed);
        if (sent == MessageSocket.END) {
            // The front-end has gone, and does not want the reply.
            close();
        } else if (sent != REPLY_BYTES) {
            throw new ProtocolException("the front-end does not read its replies");
        }
    }

    private void fail(String reason) {
        if (!isClosed) {
            listener.onProtocolError(reason);
            close();
        }
    }

    /** Closes the connection and gives back all that came over it. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        Closing.all(messageDeadline::clear, message::closeDescriptors, backEnd::close, this::unwatch, descriptor::close,
                limits::release, arena::close, listener::onClosed);
    }
}
