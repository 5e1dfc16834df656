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
 * Refuses a body that is too large before it is read, or as soon as it shows where its length is not announced, and
 * changes of a caller who makes too many.
 */
@ApplicationScoped
public class LimitsFilter {

    /** After the caller is known. */
    private static final int PRIORITY = 50;
    private static final int TOO_LARGE = 413;
    private static final int TOO_MANY = 429;

    private final long maxBodyBytes;
    /** Of HTTP/1 alone: what it has read to the end of an HTTP/2 stream a resource cannot be given any more. */
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
                    "A caller may make %d changes a second (clocktower.http.changes-per-second)."
                            .formatted(changesPerSecond),
                    Map.of("Retry-After", Long.toString(seconds))));
        } else if (isTooLarge(context.request().getHeader("Content-Length"))) {
            context.fail(TOO_LARGE, new Refusal(TOO_LARGE,
                    "A body may have %d bytes (quarkus.http.limits.max-body-size).".formatted(maxBodyBytes)));
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
