package io.clocktower;

import io.clocktower.linux.StartPages;
import io.quarkus.vertx.http.HttpServerStart;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;

/** What is done once the service has started: says whether it started from the AOT cache, and frees what only that took. */
@Singleton
class AfterStart {

    private static final Logger LOG = Logger.getLogger(AfterStart.class);

    void onHttp(@ObservesAsync HttpServerStart event) {
        AotCache.whyNotUsed().ifPresent(reason -> LOG.warnf("start: %s; starting took longer", reason));
        StartPages.release(file -> AotCache.isCache(file) || file.endsWith("/libjvm.so"));
    }
}
