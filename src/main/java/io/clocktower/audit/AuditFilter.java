package io.clocktower.audit;

import io.github.bucket4j.Bucket;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Writes a line for each call that asks for a change, once it is answered; of those refused, a few. */
@ApplicationScoped
public class AuditFilter {

    /** Before every other filter, so that what those refuse is seen too. */
    private static final int PRIORITY = 1000;
    private static final int REFUSED_BURST = 20;

    private final Bucket refused = Bucket.builder()
            .addLimit(limit -> limit.capacity(REFUSED_BURST).refillGreedy(1, Duration.ofSeconds(1))).build();
    private final AtomicLong unlogged = new AtomicLong();

    void register(@Observes Filters filters) {
        filters.register(this::handle, PRIORITY);
    }

    private void handle(RoutingContext context) {
        if (Call.isChange(context)) {
            Call call = Call.of(context);
            context.addEndHandler(end -> log(context, call, end.succeeded()));
        }
        context.next();
    }

    private void log(RoutingContext context, Call call, boolean isAnswered) {
        if (call.isRefused() && !refused.tryConsume(1)) {
            unlogged.incrementAndGet();
            return;
        }
        long others = unlogged.getAndSet(0);
        if (others > 0) {
            Audit.LOG.infof("%d more refused calls are not in the log", others);
        }
        Audit.LOG.infof("%s: %s %s %d%s%s", call.who(), OneLine.of(context.request().method()),
                OneLine.of(context.request().path()), context.response().getStatusCode(),
                isAnswered ? "" : " (the caller has gone)", call.changes());
    }
}
