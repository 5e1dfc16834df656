package io.clocktower.audit;

import io.clocktower.spec.Texts;
import io.github.bucket4j.Bucket;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts calls once they are answered, and logs a line for each that asks for a change. Rejected ones are limited to a few.
 */
@ApplicationScoped
public class AuditFilter {

    /** Before every other filter, to see what those reject too. */
    private static final int PRIORITY = 1000;
    private static final int REFUSED_BURST = 20;
    private static final int MAX_PATH = 200;

    private final Bucket refused = Bucket.builder()
            .addLimit(limit -> limit.capacity(REFUSED_BURST).refillGreedy(1, Duration.ofSeconds(1))).build();
    private final AtomicLong unlogged = new AtomicLong();
    private final CallCounts counts;

    AuditFilter(CallCounts counts) {
        this.counts = counts;
    }

    void register(@Observes Filters filters) {
        filters.register(this::handle, PRIORITY);
    }

    private void handle(RoutingContext context) {
        Call call = Call.of(context);
        context.addEndHandler(end -> {
            counts.onAnswered(context, call);
            if (Call.isChange(context)) {
                log(context, call, end.succeeded());
            }
        });
        context.next();
    }

    private void log(RoutingContext context, Call call, boolean isAnswered) {
        if (call.isRefused() && !refused.tryConsume(1)) {
            unlogged.incrementAndGet();
            return;
        }
        long others = unlogged.getAndSet(0);
        if (others > 0) {
            Audit.LOG.infof("%d more rejected calls were not logged", others);
        }
        Audit.LOG.infof("%s: %s %s %s%s", call.who(), Texts.shown(context.request().method().name()),
                Texts.shown(String.valueOf(context.request().path()), MAX_PATH), end(context.response(), isAnswered),
                call.log());
        call.writeJson(context.request().method().name(), Texts.shown(String.valueOf(context.request().path()),
                MAX_PATH), context.response().headWritten() ? context.response().getStatusCode() : 0);
    }

    /** Without an answer the status is only the default one. */
    private static String end(HttpServerResponse response, boolean isAnswered) {
        return response.headWritten()
                ? response.getStatusCode() + (isAnswered ? "" : " (the connection was closed before the end)")
                : "without an answer (the connection was closed)";
    }
}
