package io.clocktower.http;

import io.clocktower.linux.Quietly;
import io.netty.channel.Channel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * A listening socket that keeps to the limit of {@link HttpConnections} at accept, before anything is read. Its event loop
 * owns it.
 */
final class AcceptingChannel extends NioServerSocketChannel {

    private static final Logger LOG = Logger.getLogger(AcceptingChannel.class);

    private final HttpTransport transport;

    AcceptingChannel(HttpTransport transport) {
        this.transport = transport;
        try {
            transport.add(this);
        } catch (IOException e) {
            throw new UncheckedIOException("SO_REUSEPORT cannot be set", e);
        }
        closeFuture().addListener(_ -> transport.remove(this));
    }

    void share(boolean isAllowed) throws IOException {
        javaChannel().setOption(StandardSocketOptions.SO_REUSEPORT, isAllowed);
    }

    @Override
    protected int doReadMessages(List<Object> accepted) throws Exception {
        SocketChannel socket = javaChannel().accept();
        if (socket == null) {
            return 0;
        }
        try {
            return accept(socket, accepted);
        } catch (Throwable failure) {
            // Netty closes a listening socket for what this throws.
            LOG.warn("HTTP: a connection could not be opened", failure);
            Quietly.close(socket);
            return 0;
        }
    }

    private int accept(SocketChannel socket, List<Object> accepted) throws Exception {
        HttpConnections connections = transport.connections();
        if (connections.hasRoom()) {
            accepted.add(open(socket));
            return 1;
        }
        Optional<Channel> idle = connections.displace(System.nanoTime());
        if (idle.isEmpty()) {
            socket.close();
        } else {
            idle.get().close();
            // Closing is complete two turns later: the first one is used by the channel itself.
            onTurnOf(idle.get(), () -> onTurnOf(idle.get(), () -> eventLoop().execute(() -> admit(socket))));
        }
        return 1;
    }

    private static void onTurnOf(Channel channel, Runnable action) {
        channel.closeFuture().addListener(_ -> channel.eventLoop().execute(action));
    }

    private void admit(SocketChannel socket) {
        try {
            pipeline().fireChannelRead(open(socket));
        } catch (RuntimeException | Error e) {
            Quietly.close(socket);
            throw e;
        } finally {
            transport.connections().onAdmitted();
            pipeline().fireChannelReadComplete();
        }
    }

    private NioSocketChannel open(SocketChannel socket) {
        var channel = new NioSocketChannel(this, socket);
        HttpConnections connections = transport.connections();
        var connection = new HttpConnection(System.nanoTime());
        connections.add(channel, connection);
        channel.closeFuture().addListener(_ -> connections.remove(channel));
        channel.pipeline().addFirst(new ConnectionHandler(connection, transport));
        return channel;
    }
}
