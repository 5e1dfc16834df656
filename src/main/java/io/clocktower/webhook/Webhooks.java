package io.clocktower.webhook;

import io.clocktower.config.ClocktowerConfig;
import io.clocktower.config.WebhookSpec;
import io.clocktower.config.WebhookSpecs;
import io.clocktower.device.DeviceEvents.Subscription;
import io.clocktower.device.DeviceHost;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/** The webhooks of the configuration, each on a virtual thread of its own. */
@Singleton
public final class Webhooks {

    private static final Logger LOG = Logger.getLogger(Webhooks.class);
    /** Before the devices are made, and after they are closed. */
    private static final int FIRST = Interceptor.Priority.APPLICATION;
    private static final int LAST = Interceptor.Priority.APPLICATION + 900;
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final DeviceHost devices;
    private final List<WebhookSpec> specs;
    private final List<Running> running = new ArrayList<>();

    private record Running(Webhook webhook, Thread thread, Subscription subscription) {}

    Webhooks(ClocktowerConfig config, DeviceHost devices) {
        this.devices = devices;
        specs = WebhookSpecs.of(config).specs();
    }

    void onStart(@Observes @Priority(FIRST) StartupEvent event) {
        if (specs.isEmpty()) {
            return;
        }
        HttpClient http = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER)
                .version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();
        for (WebhookSpec spec : specs) {
            var webhook = new Webhook(spec, new HttpReceiver(spec, http, Clock.systemUTC()), Pace.OF_THIS_HOST);
            Thread thread = Thread.ofVirtual().name("webhook-" + spec.name()).start(webhook);
            running.add(new Running(webhook, thread, devices.events().subscribe(webhook)));
            LOG.infof("webhook %s: tells %s of %s", spec.name(), spec.origin(),
                    String.join(", ", spec.events().stream().map(type -> type.word()).sorted().toList()));
        }
    }

    /** What has become of the events so far, for any thread. */
    public List<WebhookStatus> statuses() {
        return running.stream().map(Running::webhook).map(Webhook::status).toList();
    }

    /** Tells what is left to tell, to those who answer at once. */
    void onStop(@Observes @Priority(LAST) ShutdownEvent event) throws InterruptedException {
        running.forEach(each -> {
            each.subscription().close();
            each.webhook().end();
        });
        long endNs = System.nanoTime() + LAST_WORDS.toNanos();
        for (Running each : running) {
            if (!each.thread().join(Duration.ofNanos(Math.max(0, endNs - System.nanoTime())))) {
                each.thread().interrupt();
                each.thread().join(Duration.ofMillis(100));
            }
        }
    }
}
