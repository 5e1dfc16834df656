package io.clocktower.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The first handler of a channel: sees its bytes, encrypted or not, and closes a connection whose client is late. Vert.x
 * adds the handlers of HTTP when it knows the protocol, after the TLS handshake or with the first byte.
 */
final class ConnectionHandler extends ChannelDuplexHandler {

    private static final long CHECK_S = 2;
    private static final String DECODER = "httpDecoder";
    private static final String ENCODER = "httpEncoder";

    private final HttpConnection connection;
    private final HttpTransport transport;
    private Future<?> check;

    ConnectionHandler(HttpConnection connection, HttpTransport transport) {
        this.connection = connection;
        this.transport = transport;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        check = context.executor().scheduleWithFixedDelay(() -> closeIfLate(context), CHECK_S, CHECK_S,
                TimeUnit.SECONDS);
        context.channel().closeFuture().addListener(_ -> check.cancel(false));
        context.pipeline().addLast(new FirstBytes());
        context.fireChannelActive();
    }

    private void closeIfLate(ChannelHandlerContext context) {
        if (connection.isLate(System.nanoTime())) {
            context.channel().close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        connection.onReceived(System.nanoTime());
        context.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        connection.onSent(System.nanoTime());
        context.write(message, promise);
    }

    /** Vert.x removes all handlers but its own when a client upgrades to HTTP/2. */
    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (context.channel().isActive()) {
            context.pipeline().addFirst(new SentBytes());
        }
    }

    /** Sees what is sent after an upgrade to HTTP/2. */
    private final class SentBytes extends ChannelOutboundHandlerAdapter {

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            connection.onSent(System.nanoTime());
            context.write(message, promise);
        }
    }

    /** Stands before the handlers of HTTP when the first bytes come to them, and adds those of this package. */
    private final class FirstBytes extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ChannelPipeline pipeline = context.pipeline();
            if (message instanceof ByteBuf) {
                if (pipeline.get(DECODER) != null) {
                    addHttp1(pipeline);
                    pipeline.remove(this);
                } else if (pipeline.get(Http2ConnectionHandler.class) != null) {
                    connection.onHttp2(System.nanoTime());
                    pipeline.remove(this);
                }
            }
            context.fireChannelRead(message);
        }

        private void addHttp1(ChannelPipeline pipeline) {
            connection.onHttp1(System.nanoTime());
            transport.options()
                    .ifPresent(options -> pipeline.replace(DECODER, DECODER, new StrictRequestDecoder(options)));
            pipeline.addAfter(ENCODER, "clocktowerRequests", new RequestHandler(connection));
        }
    }
}
