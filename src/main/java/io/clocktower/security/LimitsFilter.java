package io.clocktower.security;

import io.clocktower.audit.Call;
import io.clocktower.config.ClocktowerConfig;
import io.github.bucket4j.TimeMeter;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Rejects a body that is too large: before it is read, or at the limit if its length was not announced. Rejects changes of a
 * caller who makes too many.
 */
@ApplicationScoped
public class LimitsFilter {

    /** After authentication. */
    private static final int PRIORITY = 50;
    private static final int TOO_LARGE = 413;
    private static final int TOO_MANY = 429;

    private final long maxBodyBytes;
    /** For HTTP/1 only: a resource cannot read an HTTP/2 stream after this has read it to its end. */
    private final BodyHandler unannouncedBodies;
    private final int changesPerSecond;
    private final Optional<ChangeRate> rate;

    LimitsFilter(ClocktowerConfig config,
            @ConfigProperty(name = "quarkus.http.limits.max-body-size") Optional<MemorySize> maxBodySize) {
        maxBodyBytes = maxBodySize.map(MemorySize::asLongValue).orElse(Long.MAX_VALUE);
        unannouncedBodies = BodyHandler.create(false)
                .setBodyLimit(maxBodySize.map(MemorySize::asLongValue).orElse(-1L));
        changesPerSecond = config.http().changesPerSecond();
        rate = changesPerSecond > 0
                ? Optional.of(new ChangeRate(changesPerSecond, TimeMeter.SYSTEM_NANOTIME))
                : Optional.empty();
    }

    void register(@Observes Filters filters) {
        filters.register(this::handle, PRIORITY);
    }

    private void handle(RoutingContext context) {
        long waitNs = rate.isPresent() && Call.isChange(context) ? rate.get().waitNs(Call.of(context).key()) : 0;
        if (waitNs > 0) {
            long seconds = Math.ceilDiv(waitNs, TimeUnit.SECONDS.toNanos(1));
            context.fail(TOO_MANY, new Refusal(TOO_MANY,
                    "Too many changes, expected at most %d per second (clocktower.http.changes-per-second)."
                            .formatted(changesPerSecond),
                    Map.of("Retry-After", Long.toString(seconds))));
        } else if (isTooLarge(context.request().getHeader("Content-Length"))) {
            context.fail(TOO_LARGE, new Refusal(TOO_LARGE,
                    "The body is too large, expected at most %d bytes (quarkus.http.limits.max-body-size)."
                            .formatted(maxBodyBytes)));
        } else if (context.request().headers().contains("Transfer-Encoding")) {
            unannouncedBodies.handle(context);
        } else {
            context.next();
        }
    }

    private boolean isTooLarge(String contentLength) {
        try {
            return contentLength != null && Long.parseLong(contentLength) > maxBodyBytes;
        } catch (NumberFormatException _) {
            return true;
        }
    }
}
