package io.clocktower.vhostuser;

import io.clocktower.linux.Deadline;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.MessageSocket;
import io.clocktower.linux.Reactor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketCredentials;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * One front-end's connection, from accept to close: it reads messages, lets the back-end act on them, and replies.
 *
 * <p>
 * A message that cannot be is refused: with an acknowledgement that says so, where the front-end asked for one under
 * REPLY_ACK, or else by closing the connection. After a message whose length cannot be told, the connection is closed in
 * any case.
 */
public final class Connection implements AutoCloseable {

    /** A front-end sends a message whole; one that is this late with the rest of it is not worth waiting for. */
    private static final long MESSAGE_DEADLINE_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int MESSAGES_A_TURN = 16;
    private static final int REPLY_BYTES = Message.HEADER_BYTES + Message.U64_BYTES;
    private static final long ACK = 0;
    private static final long NACK = 1;

    private final AFUNIXSocketChannel channel;
    private final BackEndListener listener;
    private final BackEnd backEnd;
    private final Peer peer;
    private final Arena arena = Arena.ofAuto();
    private final MessageSocket socket;
    private final Message message = new Message(arena);
    private final MessageReader reader;
    private final ByteBuffer reply = ByteBuffer.allocateDirect(REPLY_BYTES).order(ByteOrder.nativeOrder());
    private final Reactor.Watch watch;
    private final Deadline messageDeadline;
    private boolean isClosed;

    /**
     * Takes over a channel that was accepted.
     *
     * @param pollWindowNs how long after a request the rings are looked at again and again before the reactor waits
     * @throws IOException if the channel broke meanwhile; it is still the caller's then
     */
    public Connection(AFUNIXSocketChannel channel, VirtioDevice device, BackEndListener listener, Reactor reactor,
            long pollWindowNs) throws IOException {
        this.channel = channel;
        this.listener = listener;
        channel.configureBlocking(false);
        peer = peerOf(channel);
        int fd = FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
        backEnd = new BackEnd(device, listener, reactor, pollWindowNs);
        socket = new MessageSocket(fd, arena);
        reader = new MessageReader(socket, message);
        messageDeadline = reactor.deadline(() -> fail("half a message and then silence"));
        try {
            watch = reactor.watch(fd, Epoll.EPOLLIN | Epoll.EPOLLRDHUP, _ -> onReadable());
        } catch (LinuxException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Peer peerOf(AFUNIXSocketChannel channel) throws IOException {
        AFUNIXSocketCredentials credentials = channel.getPeerCredentials();
        long[] gids = credentials.getGids();
        return new Peer(credentials.getPid(), credentials.getUid(), gids == null || gids.length == 0 ? -1 : gids[0]);
    }

    /** Whether the front-end has gone, even if messages that it sent before still wait. */
    public boolean isHungUp() {
        return socket.isHungUp();
    }

    public Peer peer() {
        return peer;
    }

    public BackEndStatus status() {
        return new BackEndStatus(peer, backEnd.features(), backEnd.protocolFeatures(),
                backEnd.memory().regions().size(), backEnd.isRunning(), backEnd.vrings());
    }

    /** Runs a ring for which the device has something, rather than the driver. */
    public void run(int queueIndex) {
        backEnd.run(queueIndex);
    }

    private void onReadable() {
        try {
            for (int i = 0; i < MESSAGES_A_TURN && !isClosed; i++) {
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
        } catch (IOException e) {
            // The front-end went before it was answered.
            close();
        } catch (RuntimeException e) {
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

    private void onMessage() throws IOException, ProtocolException {
        messageDeadline.clear();
        boolean wantsAck = message.needsReply() && backEnd.hasReplyAck();
        FrontEndRequest request = FrontEndRequest.of(message.request());
        boolean hasReply = request != null && request.hasReply();
        try {
            check(request);
            if (hasReply) {
                reply(backEnd.answer(request, message));
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
            BackEnd.requireDescriptors(message, 0);
        }
    }

    /** A front-end waits for each reply, so the socket has room for it. */
    private void reply(long payload) throws IOException, ProtocolException {
        reply.clear().putInt(message.request()).putInt(Message.VERSION | Message.FLAG_REPLY).putInt(Message.U64_BYTES)
                .putLong(payload).flip();
        if (channel.write(reply) != REPLY_BYTES) {
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
        messageDeadline.clear();
        message.closeDescriptors();
        backEnd.close();
        watch.close();
        try {
            channel.close();
        } catch (IOException e) {
            // Its descriptor is gone in any case.
        }
        listener.onClosed();
    }
}
