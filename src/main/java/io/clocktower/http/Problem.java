package io.clocktower.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A problem document (RFC 9457) of type {@code about:blank}, whose title is that of the status.
 *
 * @param detail for a person; null if there is nothing to add
 */
public record Problem(HttpResponseStatus status, String detail) {

    public static final String MEDIA_TYPE = "application/problem+json";

    private static final Map<Integer, String> DETAILS = Map.ofEntries(
            Map.entry(400, "The request is not valid: its framing, a header, or the encoding of its path."),
            Map.entry(403, "You are not allowed to do this."),
            Map.entry(404, "Nothing exists at this path."),
            Map.entry(405, "Method not allowed for this path."),
            Map.entry(408, "The request did not arrive in time."),
            Map.entry(413, "The body is too large (quarkus.http.limits.max-body-size)."),
            Map.entry(414, "The path and query are too long (quarkus.http.limits.max-initial-line-length)."),
            Map.entry(431, "The headers are too large (quarkus.http.limits.max-header-size)."),
            Map.entry(500, "The service failed. Its log says why."),
            Map.entry(501, "The transfer coding is not supported, expected chunked."),
            Map.entry(505, "The HTTP version is not supported, expected HTTP/1.1 or HTTP/2."));

    /** The document of a status about which nothing more is known. */
    public static Problem of(int status) {
        return new Problem(HttpResponseStatus.valueOf(status), DETAILS.get(status));
    }

    public String toJson() {
        var document = new JsonObject().put("title", status.reasonPhrase()).put("status", status.code());
        return (detail == null ? document : document.put("detail", detail)).encode();
    }

    /** The answer with this document in place of one without a body, whose other headers it takes over. */
    static FullHttpResponse response(HttpResponseStatus status, FullHttpResponse bare) {
        byte[] body = of(status.code()).toJson().getBytes(StandardCharsets.UTF_8);
        var answer = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
        answer.headers().add(bare.headers()).set(HttpHeaderNames.CONTENT_TYPE, MEDIA_TYPE)
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        return answer;
    }
}
