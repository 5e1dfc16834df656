package io.clocktower.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.util.List;

/**
 * Rejects a request with a folded header line (RFC 9112, "Obsolete Line Folding"), which the library joins to the line before:
 * a proxy may have read it in another way. The thread of the channel owns it.
 */
final class StrictRequestDecoder extends VertxHttpRequestDecoder {

    private boolean isInHead = true;
    private boolean isFolded;
    private boolean isAfterLineFeed;

    StrictRequestDecoder(HttpServerOptions options) {
        super(options);
    }

    /** The library decodes at most one head, and nothing else with it, in one call. */
    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out) throws Exception {
        int from = bytes.readerIndex();
        int decoded = out.size();
        super.decode(context, bytes, out);
        if (isInHead) {
            look(bytes, from, bytes.readerIndex());
        }
        for (Object message : out.subList(decoded, out.size())) {
            if (message instanceof HttpRequest request) {
                onHead(request);
            }
            if (message instanceof LastHttpContent) {
                isInHead = true;
            }
        }
    }

    private void onHead(HttpRequest request) {
        if (isFolded && request.decoderResult().isSuccess()) {
            request.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("a header line is folded")));
        }
        isInHead = false;
        isFolded = false;
        isAfterLineFeed = false;
    }

    private void look(ByteBuf bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            byte now = bytes.getByte(i);
            isFolded |= isAfterLineFeed && (now == ' ' || now == '\t');
            isAfterLineFeed = now == '\n';
        }
    }
}
