package io.clocktower.http;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.impl.VertxInternal;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Tells the transport how the HTTP servers are configured, and others of its connections. */
@Singleton
final class HttpRules implements HttpServerOptionsCustomizer {

    private final HttpTransport transport;

    HttpRules(Vertx vertx) {
        transport = (HttpTransport) ((VertxInternal) vertx).transport();
    }

    @Produces
    @Singleton
    HttpConnections connections() {
        return transport.connections();
    }

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        configure(options);
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        configure(options);
    }

    private void configure(HttpServerOptions options) {
        // Query parameters are separated by & alone: with ; as well, a check and a resource could read different ones.
        options.setUseSemicolonAsQueryParamDelimiter(false);
        transport.configure(options);
    }
}
