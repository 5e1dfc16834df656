package io.clocktower.metrics;

import io.clocktower.config.ClocktowerConfig;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.health.SmallRyeHealth;
import io.smallrye.health.SmallRyeHealthReporter;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import java.io.IOException;
import java.io.StringWriter;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * Metrics and health at a port of their own, if it is configured: without authentication, and without anything else. So
 * Prometheus and the kubelet need no token, and the API may stay on the loopback interface.
 */
@ApplicationScoped
public class Monitoring {

    private static final Logger LOG = Logger.getLogger(Monitoring.class);
    private static final int MAX_PORT = 65_535;
    private static final int MAX_CONNECTIONS = 64;
    private static final int MAX_HEADER_BYTES = 8 << 10;
    private static final int MAX_LINE_BYTES = 4 << 10;
    private static final int IDLE_SECONDS = 30;
    private static final int UNAVAILABLE = 503;
    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;
    private static final int FAILED = 500;
    private static final long CLOSE_SECONDS = 2;

    private final ClocktowerConfig.Monitoring config;
    private final Vertx vertx;
    private final CollectorRegistry metrics;
    private final SmallRyeHealthReporter health;
    private final AtomicInteger connections = new AtomicInteger();
    private HttpServer server;

    Monitoring(ClocktowerConfig config, Vertx vertx, CollectorRegistry metrics, SmallRyeHealthReporter health) {
        this.config = config.monitoring();
        this.vertx = vertx;
        this.metrics = metrics;
        this.health = health;
    }

    /** When the devices are there. */
    void onStart(@Observes @Priority(Interceptor.Priority.LIBRARY_AFTER) StartupEvent event)
            throws InterruptedException {
        if (config.port().isEmpty()) {
            return;
        }
        int port = config.port().getAsInt();
        if (port < 0 || port > MAX_PORT) {
            throw new ConfigurationException("clocktower.monitoring.port: %d, expected 0 to 65535".formatted(port));
        }
        server = vertx.createHttpServer(new HttpServerOptions().setHost(config.host()).setPort(port)
                .setMaxHeaderSize(MAX_HEADER_BYTES).setMaxInitialLineLength(MAX_LINE_BYTES).setIdleTimeout(IDLE_SECONDS)
                .setIdleTimeoutUnit(TimeUnit.SECONDS)).connectionHandler(this::limit).requestHandler(this::answer);
        try {
            server.listen().toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new ConfigurationException("clocktower.monitoring.port: cannot bind to %s:%d: %s"
                    .formatted(config.host(), port, e.getCause().getMessage()));
        }
        LOG.infof("monitoring: metrics and health are at http://%s:%d/q/metrics and /q/health", config.host(),
                server.actualPort());
    }

    private void limit(HttpConnection connection) {
        if (connections.incrementAndGet() > MAX_CONNECTIONS) {
            connection.close();
        }
        connection.closeHandler(_ -> connections.decrementAndGet());
    }

    private void answer(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        if (request.method() != HttpMethod.GET && request.method() != HttpMethod.HEAD) {
            response.putHeader("Allow", "GET, HEAD").setStatusCode(NOT_ALLOWED).end();
            return;
        }
        switch (request.path() == null ? "" : request.path()) {
            case "/q/metrics", "/metrics" -> scrape(request);
            case "/q/health" -> report(response, health.getHealthAsync());
            case "/q/health/live" -> report(response, health.getLivenessAsync());
            case "/q/health/ready" -> report(response, health.getReadinessAsync());
            default -> response.setStatusCode(NOT_FOUND).end();
        }
    }

    private void scrape(HttpServerRequest request) {
        String type = TextFormat.chooseContentType(request.getHeader("Accept"));
        vertx.executeBlocking(() -> text(type), false).onComplete(scraped -> {
            HttpServerResponse response = request.response();
            if (scraped.failed()) {
                LOG.errorf(scraped.cause(), "monitoring: cannot collect the metrics");
                response.setStatusCode(FAILED).end();
            } else {
                response.putHeader("Content-Type", type).end(scraped.result());
            }
        });
    }

    private String text(String type) throws IOException {
        var text = new StringWriter();
        TextFormat.writeFormat(type, text, metrics.metricFamilySamples());
        return text.toString();
    }

    private static void report(HttpServerResponse response, Uni<SmallRyeHealth> report) {
        report.subscribe().with(
                found -> response.setStatusCode(found.isDown() ? UNAVAILABLE : 200)
                        .putHeader("Content-Type", "application/json").end(found.getPayload().toString()),
                failure -> {
                    LOG.errorf(failure, "monitoring: cannot tell the health");
                    response.setStatusCode(FAILED).end();
                });
    }

    void onStop(@Observes ShutdownEvent event) throws InterruptedException {
        if (server != null) {
            try {
                server.close().toCompletionStage().toCompletableFuture().get(CLOSE_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOG.debugf("monitoring: %s", e);
            }
        }
    }
}
