package io.clocktower.metrics;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.io.StringWriter;

/** Answers at {@code /metrics} as at {@code /q/metrics}, because that is where people and scrape configurations look. */
@ApplicationScoped
public class ShortPath {

    private static final String PATH = "/metrics";

    private final CollectorRegistry metrics;

    ShortPath(CollectorRegistry metrics) {
        this.metrics = metrics;
    }

    void register(@Observes Router router) {
        router.route(PATH).method(HttpMethod.GET).method(HttpMethod.HEAD).blockingHandler(this::scrape, false);
    }

    private void scrape(RoutingContext call) {
        String type = TextFormat.chooseContentType(call.request().getHeader("Accept"));
        var text = new StringWriter();
        try {
            TextFormat.writeFormat(type, text, metrics.metricFamilySamples());
        } catch (IOException e) {
            call.fail(e);
            return;
        }
        call.response().putHeader("Content-Type", type).end(text.toString());
    }
}
