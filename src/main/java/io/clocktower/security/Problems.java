package io.clocktower.security;

import io.clocktower.audit.Call;
import io.clocktower.http.Problem;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Map;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/**
 * Answers with a problem document (RFC 9457) every call that fails before a resource is called. A caller who must be known
 * learns nothing about paths before authentication: the answer is 401 first.
 */
@ApplicationScoped
public class Problems {

    private static final Logger LOG = Logger.getLogger(Problems.class);
    static final Map<String, String> CHALLENGE = Map.of("WWW-Authenticate", "Bearer");
    /** How long the rest of a refused request is read and discarded, so that the client reads the answer. */
    private static final long LINGER_MS = 5_000;
    private static final int SERVER_ERROR = 500;

    private final AccessPolicy access;

    Problems(AccessPolicy access) {
        this.access = access;
    }

    void register(@Observes Router router) {
        router.route().order(Integer.MIN_VALUE).failureHandler(context -> fail(context, context.statusCode()));
        // Vert.x calls these, and not the handler of a route, for a call that reaches no route.
        IntStream.range(HttpResponseStatus.BAD_REQUEST.code(), SERVER_ERROR)
                .forEach(status -> router.errorHandler(status, context -> fail(context, status)));
    }

    private void fail(RoutingContext context, int status) {
        if (isGone(context)) {
            LOG.debugf("the client closed the connection: %s", context.failure());
            return;
        }
        if (context.response().headWritten()) {
            context.next();
            return;
        }
        if (context.failure() instanceof Refusal refusal) {
            refuse(context, refusal);
        } else if (status < SERVER_ERROR) {
            access.identify(context).subscribe().with(_ -> refuse(context, refusal(context.failure(), status)),
                    unknown -> refuse(context, refusal(unknown, SERVER_ERROR)));
            if (!context.failed()) {
                // Vert.x could not match the path, and ends the call itself when this method returns.
                refuse(context, refusal(context.failure(), status));
            }
        } else {
            Refusal refusal = refusal(context.failure(), status);
            if (refusal.status() >= SERVER_ERROR) {
                LOG.error("a call failed", context.failure());
            }
            refuse(context, refusal);
        }
    }

    /** Whether the client has gone. */
    private static boolean isGone(RoutingContext context) {
        return context.response().ended() || context.response().closed();
    }

    private static void refuse(RoutingContext context, Refusal refusal) {
        if (!isGone(context)) {
            Call.of(context).refuse();
            answer(context, refusal);
        }
    }

    private static Refusal refusal(Throwable failure, int status) {
        return switch (failure) {
            case Refusal refusal -> refusal;
            case HttpException known -> new Refusal(known.getStatusCode(), known.getPayload());
            case AuthenticationFailedException _ -> unauthorized("The credential is not valid.");
            case UnauthorizedException _ -> unauthorized("A credential is required.");
            case ForbiddenException _ -> new Refusal(HttpResponseStatus.FORBIDDEN.code(), null);
            case IllegalArgumentException _ when status < SERVER_ERROR -> new Refusal(status,
                    PathFilter.INVALID_ESCAPE);
            case null, default -> new Refusal(status, null);
        };
    }

    static Refusal unauthorized(String detail) {
        return new Refusal(HttpResponseStatus.UNAUTHORIZED.code(), detail, CHALLENGE);
    }

    private static void answer(RoutingContext context, Refusal refusal) {
        Problem problem = refusal.getMessage() == null
                ? Problem.of(refusal.status())
                : new Problem(HttpResponseStatus.valueOf(refusal.status()), refusal.getMessage());
        HttpServerResponse response = context.response().setStatusCode(refusal.status())
                .putHeader("Content-Type", Problem.MEDIA_TYPE);
        refusal.headers().forEach(response::putHeader);
        boolean isWholeRequestRead = context.request().isEnded();
        response.end(problem.toJson());
        if (!isWholeRequestRead) {
            discard(context);
        }
    }

    /** A client that is still sending when the connection is closed does not read the answer. */
    private static void discard(RoutingContext context) {
        HttpServerRequest request = context.request();
        long timer = context.vertx().setTimer(LINGER_MS, _ -> abort(context));
        try {
            request.handler(_ -> {});
            request.endHandler(_ -> context.vertx().cancelTimer(timer));
            request.exceptionHandler(_ -> context.vertx().cancelTimer(timer));
            request.resume();
        } catch (IllegalStateException e) {
            // The request has ended since.
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
