package io.clocktower.console;

import io.clocktower.config.ConsoleSwitch;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Serves the console's files, to everyone: they hold no data of the service. Each is read when it is first asked for, so a
 * console that is not used takes no memory.
 */
@Singleton
final class Console {

    private static final String ROOT = "/console/";
    private static final String INDEX = "index.html";
    private static final String KINDS = "kinds.json";
    private static final int PERMANENT_REDIRECT = 308;
    private static final int TEMPORARY_REDIRECT = 307;
    private static final int NOT_MODIFIED = 304;

    /** Only files of this service, no inline script or style, and HTML from templates of the library alone. */
    static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script';"
            + " trusted-types lit-html";
    private static final Map<String, String> HEADERS = Map.of("Content-Security-Policy", POLICY,
            "X-Content-Type-Options", "nosniff", "Referrer-Policy", "no-referrer", "Cross-Origin-Opener-Policy",
            "same-origin", "Cross-Origin-Resource-Policy", "same-origin", "Cache-Control", "no-cache");

    private final ConsoleSwitch console;
    private final Map<String, Asset> assets = new ConcurrentHashMap<>();

    Console(ConsoleSwitch console) {
        this.console = console;
    }

    void register(@Observes Router router) {
        if (!console.isOn()) {
            return;
        }
        router.route("/").method(HttpMethod.GET).method(HttpMethod.HEAD)
                .handler(context -> redirect(context, TEMPORARY_REDIRECT, "console/"));
        router.route("/console").method(HttpMethod.GET).method(HttpMethod.HEAD).handler(context -> {
            if (context.request().path().equals("/console")) {
                redirect(context, PERMANENT_REDIRECT, "console/");
            } else {
                serve(context);
            }
        });
        router.route("/console/*").method(HttpMethod.GET).method(HttpMethod.HEAD).handler(this::serve);
    }

    /** A relative place is right behind a proxy too. */
    private static void redirect(RoutingContext context, int status, String place) {
        context.response().setStatusCode(status).putHeader("Location", place).end();
    }

    private void serve(RoutingContext context) {
        String path = context.request().path().substring(ROOT.length());
        String name = path.isEmpty() ? INDEX : path;
        Asset known = assets.get(name);
        if (known != null) {
            answer(context, known);
            return;
        }
        context.vertx().executeBlocking(() -> read(name), false).onFailure(context::fail)
                .onSuccess(read -> read.ifPresentOrElse(asset -> {
                    assets.put(name, asset);
                    answer(context, asset);
                }, context::next));
    }

    private static Optional<Asset> read(String name) throws IOException {
        return name.equals(KINDS) ? Optional.of(Asset.of(KINDS, Kinds.json())) : Asset.read(name);
    }

    private static void answer(RoutingContext context, Asset asset) {
        HttpServerResponse response = context.response();
        HEADERS.forEach(response::putHeader);
        response.putHeader("ETag", asset.tag());
        String known = context.request().getHeader("If-None-Match");
        if (known != null && known.contains(asset.tag())) {
            response.setStatusCode(NOT_MODIFIED).end();
            return;
        }
        response.putHeader("Content-Type", asset.mediaType());
        if (context.request().method() == HttpMethod.HEAD) {
            response.putHeader("Content-Length", Integer.toString(asset.content().length)).end();
        } else {
            response.end(Buffer.buffer(asset.content()));
        }
    }
}
