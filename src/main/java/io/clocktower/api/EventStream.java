package io.clocktower.api;

import io.clocktower.device.DeviceEvent;
import io.clocktower.device.DeviceEvents;
import io.clocktower.device.DeviceEvents.Subscription;
import io.clocktower.device.EventJson;
import io.clocktower.device.EventQueue;
import io.clocktower.device.EventQueue.Next;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/**
 * The events that one client is sent, on a virtual thread of its own: a client that is slow holds up that one alone, and
 * is told how many it missed. One that is silent for a while is sent a comment, so that nobody on the way closes it.
 */
final class EventStream implements Flow.Publisher<OutboundSseEvent>, Flow.Subscription {

    static final int QUEUE = 256;
    static final Duration HEARTBEAT = Duration.ofSeconds(15);
    static final String GAP = "gap";

    private static final Logger LOG = Logger.getLogger(EventStream.class);
    private static final long RECONNECT_MS = 3_000;

    private final DeviceEvents events;
    private final EventQueue queue;
    private final OptionalLong afterId;
    private final Sse sse;
    private final Life life;
    private final Semaphore demand = new Semaphore(0);
    private final Thread thread;
    private Flow.Subscriber<? super OutboundSseEvent> client;
    private volatile boolean isCancelled;

    /** Who keeps the streams. */
    interface Life {

        /** Whether the stream may begin. */
        boolean begins(EventStream stream);

        /** Whether the client is known to have gone. */
        boolean isGone();

        void onEnd(EventStream stream);
    }

    /**
     * @param afterId the event after which the stream is to begin; without, it begins with what happens next
     */
    EventStream(DeviceEvents events, Predicate<DeviceEvent> isWanted, OptionalLong afterId, Sse sse, Life life) {
        this.events = events;
        this.afterId = afterId;
        this.sse = sse;
        this.life = life;
        queue = new EventQueue(QUEUE, isWanted);
        thread = Thread.ofVirtual().name("event-stream").unstarted(() -> run(isWanted));
    }

    @Override
    public void subscribe(Flow.Subscriber<? super OutboundSseEvent> subscriber) {
        client = subscriber;
        client.onSubscribe(this);
        if (life.begins(this)) {
            thread.start();
        } else {
            client.onComplete();
        }
    }

    /** The client has room for more. */
    @Override
    public void request(long more) {
        demand.release((int) Math.min(more, QUEUE));
    }

    /** The client has gone. */
    @Override
    public void cancel() {
        isCancelled = true;
        thread.interrupt();
    }

    /** Takes no more events. The stream ends with those that it has. */
    void end() {
        queue.close();
    }

    /** Waits for its end so long, and then cuts it off. */
    void awaitEnd(Duration patience) throws InterruptedException {
        if (!thread.join(patience)) {
            thread.interrupt();
        }
    }

    private void run(Predicate<DeviceEvent> isWanted) {
        Optional<Subscription> subscription = Optional.empty();
        try {
            if (afterId.isEmpty()) {
                subscription = Optional.of(events.subscribe(queue));
                send(opening());
            } else {
                DeviceEvents.Resumed resumed = events.subscribe(queue, afterId.getAsLong());
                subscription = Optional.of(resumed.subscription());
                send(opening());
                sendPast(resumed, isWanted);
            }
            sendOn();
            client.onComplete();
        } catch (InterruptedException e) {
            if (!isCancelled) {
                client.onComplete();
            }
        } catch (RuntimeException e) {
            LOG.error("an event stream failed", e);
            client.onError(e);
        } finally {
            subscription.ifPresent(Subscription::close);
            life.onEnd(this);
        }
    }

    private void sendPast(DeviceEvents.Resumed resumed, Predicate<DeviceEvent> isWanted) throws InterruptedException {
        if (resumed.missed().isEmpty()) {
            send(gap("{\"detail\":\"the service has started anew; events were missed\"}"));
        } else if (resumed.missed().getAsLong() > 0) {
            sendGap(resumed.missed().getAsLong());
        }
        for (DeviceEvent event : resumed.events()) {
            if (isWanted.test(event)) {
                send(event);
            }
        }
    }

    private void sendOn() throws InterruptedException {
        while (!queue.isEnded() && !life.isGone()) {
            Optional<Next> next = queue.poll(HEARTBEAT);
            if (next.isPresent()) {
                if (next.get().missed() > 0) {
                    sendGap(next.get().missed());
                }
                send(next.get().event());
            } else if (!queue.isEnded()) {
                send(sse.newEventBuilder().comment("still here").build());
            }
        }
    }

    private OutboundSseEvent opening() {
        return sse.newEventBuilder().comment("events").reconnectDelay(RECONNECT_MS).build();
    }

    private void send(DeviceEvent event) throws InterruptedException {
        send(sse.newEventBuilder().id(Long.toString(event.id())).name(event.type().word())
                .data(EventJson.write(event)).build());
    }

    private void sendGap(long missed) throws InterruptedException {
        send(gap("{\"missed\":%d,\"detail\":\"%d events were missed\"}".formatted(missed, missed)));
    }

    private OutboundSseEvent gap(String json) {
        return sse.newEventBuilder().name(GAP).data(json).build();
    }

    /** Waits until the client has taken what it was sent before. */
    private void send(OutboundSseEvent event) throws InterruptedException {
        demand.acquire();
        client.onNext(event);
    }
}
