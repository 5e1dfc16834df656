package io.clocktower.audit;

import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How often calls of each route were answered with each status. Thread-safe. */
@Singleton
public final class CallCounts {

    private static final Set<String> METHODS = Set.of("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS");
    private static final String OTHER = "other";
    private static final String ROOT = "/q/";
    private static final int MAX_STATUS = 599;

    /**
     * What is counted together. There are as many as routes, methods and statuses at the most, whatever callers send.
     *
     * @param route the path of a resource with its parameters in braces, {@code /q/}, or {@code other}
     * @param isRefused whether the call was refused before it came to a resource
     */
    public record Key(String method, String route, int status, boolean isRefused) {}

    private final Map<Key, LongAdder> counts = new ConcurrentHashMap<>();

    void onAnswered(RoutingContext context, Call call) {
        String method = context.request().method().name();
        String path = context.request().path();
        String route = call.route().orElse(path != null && path.startsWith(ROOT) && !call.isRefused() ? ROOT : OTHER);
        int status = context.response().getStatusCode();
        counts.computeIfAbsent(new Key(METHODS.contains(method) ? method : OTHER, route,
                status > MAX_STATUS ? 0 : status, call.isRefused()), _ -> new LongAdder()).increment();
    }

    /** The counts since the service started. */
    public Map<Key, LongAdder> counts() {
        return counts;
    }
}
