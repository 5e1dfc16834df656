package io.clocktower.webhook;

import io.clocktower.config.ClocktowerConfig;
import io.clocktower.config.WebhookSpec;
import io.clocktower.config.WebhookSpecs;
import io.clocktower.device.DeviceHost;
import io.clocktower.event.DeviceEvents.Subscription;
import io.clocktower.event.EventQueue;
import io.clocktower.handover.HandoverPart;
import io.clocktower.handover.PartJson;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.annotations.RegisterForReflection;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;
import java.net.http.HttpClient;
import java.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jboss.logging.Logger;

/** The webhooks of the configuration, each on a virtual thread of its own. */
@Singleton
@RegisterForReflection(targets = {Webhooks.State.class, Webhook.State.class, Delivery.class, EventQueue.Waiting.class})
public final class Webhooks implements HandoverPart {

    private static final Logger LOG = Logger.getLogger(Webhooks.class);
    /** Before the devices are created, and after they are closed. */
    private static final int FIRST = Interceptor.Priority.APPLICATION;
    private static final int LAST = Interceptor.Priority.APPLICATION + 900;
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final DeviceHost devices;
    private final List<WebhookSpec> specs;
    private final List<Running> running = new CopyOnWriteArrayList<>();

    private record Running(Webhook webhook, Thread thread, Subscription subscription) {

        /** The same with a thread that runs. */
        Running started() {
            webhook.proceed();
            return new Running(webhook, Thread.ofVirtual().name("webhook").start(webhook), subscription);
        }

        void pause() {
            webhook.pause();
            thread.interrupt();
            try {
                thread.join(LAST_WORDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    record State(List<Webhook.State> webhooks) {}

    @Override
    public String name() {
        return "webhooks";
    }

    @Override
    public void freeze() {
        running.forEach(Running::pause);
    }

    @Override
    public byte[] state() {
        return PartJson.write(new State(running.stream().map(Running::webhook).map(Webhook::state).toList()));
    }

    @Override
    public void thaw() {
        running.replaceAll(Running::started);
    }

    /** A webhook that the configuration no longer has is left out. */
    @Override
    public void resume(byte[] frozen) throws IOException {
        List<Webhook.State> before = PartJson.read(frozen, State.class).webhooks();
        for (Running each : running) {
            before.stream().filter(state -> state.name().equals(each.webhook().status().name())).findFirst()
                    .ifPresent(each.webhook()::restore);
        }
    }

    @Override
    public void proceed() {
        running.replaceAll(Running::started);
    }

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
            LOG.infof("webhook %s: sends %s the events %s", spec.name(), spec.origin(),
                    String.join(", ", spec.events().stream().map(type -> type.word()).sorted().toList()));
        }
    }

    /** The status of each webhook, for any thread. */
    public List<WebhookStatus> statuses() {
        return running.stream().map(Running::webhook).map(Webhook::status).toList();
    }

    /** Sends the remaining events to receivers that answer at once. */
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
