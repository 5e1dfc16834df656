package io.clocktower.security;

import io.clocktower.audit.Call;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Map;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/** Answers with a problem document (RFC 9457) what fails before a resource is called. */
@ApplicationScoped
public class Problems {

    private static final Logger LOG = Logger.getLogger(Problems.class);
    private static final String MEDIA_TYPE = "application/problem+json";
    static final Map<String, String> CHALLENGE = Map.of("WWW-Authenticate", "Bearer");
    /** Of what nobody says more. */
    private static final Map<Integer, String> DETAILS = Map.of(400, "The call cannot be read.", 403,
            "The caller may not do that.", 404, "There is nothing at this path.", 405,
            "The method is none of this path's.", 413, "The body is too large (quarkus.http.limits.max-body-size).",
            414,
            "The path and the query are too long (quarkus.http.limits.max-initial-line-length).", 431,
            "The headers are too large (quarkus.http.limits.max-header-size).");
    /** How long what is still being sent of a refused call is read, and thrown away, so that its answer is seen. */
    private static final long LINGER_MS = 5_000;
    private static final int SERVER_ERROR = 500;

    void register(@Observes Router router) {
        router.route().order(Integer.MIN_VALUE).failureHandler(context -> fail(context, context.statusCode()));
        // Where a call comes to no route, these are asked and not the route's handler.
        IntStream.range(HttpResponseStatus.BAD_REQUEST.code(), SERVER_ERROR)
                .forEach(status -> router.errorHandler(status, context -> fail(context, status)));
    }

    private void fail(RoutingContext context, int status) {
        if (context.response().headWritten() || context.response().ended()) {
            context.next();
            return;
        }
        Refusal refusal = refusal(context.failure(), status);
        if (refusal.status() < SERVER_ERROR || context.failure() == refusal) {
            Call.of(context).refuse();
        } else {
            LOG.error("a call failed", context.failure());
        }
        answer(context, refusal);
    }

    private static Refusal refusal(Throwable failure, int status) {
        return switch (failure) {
            case Refusal refusal -> refusal;
            case HttpException known -> new Refusal(known.getStatusCode(), known.getPayload());
            case AuthenticationFailedException _ -> unauthorized("The credential is not valid.");
            case UnauthorizedException _ -> unauthorized("A credential is expected.");
            case ForbiddenException _ -> new Refusal(HttpResponseStatus.FORBIDDEN.code(), null);
            case null, default -> status < SERVER_ERROR
                    ? new Refusal(status, null)
                    : new Refusal(status, "The service failed; its log says how.");
        };
    }

    static Refusal unauthorized(String detail) {
        return new Refusal(HttpResponseStatus.UNAUTHORIZED.code(), detail, CHALLENGE);
    }

    private static void answer(RoutingContext context, Refusal refusal) {
        JsonObject problem = new JsonObject()
                .put("title", HttpResponseStatus.valueOf(refusal.status()).reasonPhrase())
                .put("status", refusal.status());
        String detail = refusal.getMessage() != null ? refusal.getMessage() : DETAILS.get(refusal.status());
        if (detail != null) {
            problem.put("detail", detail);
        }
        HttpServerResponse response = context.response().setStatusCode(refusal.status())
                .putHeader("Content-Type", MEDIA_TYPE);
        refusal.headers().forEach(response::putHeader);
        boolean isWholeRequestRead = context.request().isEnded();
        response.end(problem.encode());
        if (!isWholeRequestRead) {
            discard(context);
        }
    }

    /** Of no use to anybody, but a sender who finds the connection closed does not read why. */
    private static void discard(RoutingContext context) {
        HttpServerRequest request = context.request();
        long timer = context.vertx().setTimer(LINGER_MS, _ -> abort(context));
        try {
            request.handler(_ -> {});
            request.endHandler(_ -> context.vertx().cancelTimer(timer));
            request.exceptionHandler(_ -> context.vertx().cancelTimer(timer));
            request.resume();
        } catch (IllegalStateException e) {
            // Its end came meanwhile.
            context.vertx().cancelTimer(timer);
        }
    }

    private static void abort(RoutingContext context) {
        if (context.request().version() == HttpVersion.HTTP_2) {
            context.response().reset();
        } else {
            context.request().connection().close();
        }
    }
}
