package io.clocktower.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/**
 * Sees the requests and answers of an HTTP/1 connection: says when it is in use, rejects transfer codings that are not
 * understood, and gives an error that the library answers without a body a problem document. The thread of the channel owns
 * it.
 */
final class RequestHandler extends ChannelDuplexHandler {

    private final HttpConnection connection;
    private final Queue<Asked> unanswered = new ArrayDeque<>();
    private boolean isBroken;

    /**
     * A request without a complete answer.
     *
     * @param error what is to be answered instead of the library's error
     */
    private record Asked(boolean isHead, Optional<HttpResponseStatus> error) {}

    RequestHandler(HttpConnection connection) {
        this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (isBroken) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof HttpRequest request) {
            connection.onRequest(System.nanoTime());
            Optional<HttpResponseStatus> error = error(request);
            error.ifPresent(status -> request.setDecoderResult(
                    DecoderResult.failure(new IllegalArgumentException(status.reasonPhrase()))));
            // What follows cannot be told from the body of this request. Vert.x closes the connection after the answer.
            isBroken = request.decoderResult().isFailure();
            unanswered.add(new Asked(HttpMethod.HEAD.equals(request.method()), error));
        }
        if (message instanceof LastHttpContent) {
            connection.onRequestEnd();
        }
        context.fireChannelRead(message);
    }

    /** RFC 9112, "Transfer-Encoding" and "Message Body Length"; RFC 9110, "505 HTTP Version Not Supported". */
    private static Optional<HttpResponseStatus> error(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return Optional.empty();
        }
        HttpVersion version = request.protocolVersion();
        if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
            return Optional.of(HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED);
        }
        List<String> codings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (codings.isEmpty()) {
            return Optional.empty();
        }
        if (codings.size() > 1 || !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.getFirst().strip())) {
            return Optional.of(HttpResponseStatus.NOT_IMPLEMENTED);
        }
        return version.equals(HttpVersion.HTTP_1_1)
                && !request.headers().contains(HttpHeaderNames.CONTENT_LENGTH)
                        ? Optional.empty()
                        : Optional.of(HttpResponseStatus.BAD_REQUEST);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        Object sent = message;
        if (message instanceof HttpResponse answer
                && answer.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
            context.write(message, promise);
            return;
        }
        if (message instanceof FullHttpResponse answer && isErrorWithoutBody(answer)) {
            sent = Problem.response(unanswered.isEmpty()
                    ? answer.status()
                    : unanswered.peek().error().orElse(answer.status()), answer);
            if (isBroken && unanswered.size() <= 1) {
                ((HttpResponse) sent).headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            }
            ReferenceCountUtil.release(message);
        }
        boolean isEnd = sent instanceof LastHttpContent;
        context.write(sent, promise);
        if (isEnd && unanswered.poll() != null) {
            connection.onAnswer(System.nanoTime());
        }
    }

    private boolean isErrorWithoutBody(FullHttpResponse answer) {
        boolean isHead = !unanswered.isEmpty() && unanswered.peek().isHead();
        return answer.status().code() >= HttpResponseStatus.BAD_REQUEST.code() && !answer.content().isReadable()
                && !isHead;
    }

    /** After an upgrade to HTTP/2 Vert.x removes all handlers of HTTP/1. */
    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (context.channel().isActive()) {
            connection.onHttp2(System.nanoTime());
        }
    }
}
