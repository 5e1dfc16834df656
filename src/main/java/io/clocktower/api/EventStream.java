package io.clocktower.api;

import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvents;
import io.clocktower.event.DeviceEvents.Subscription;
import io.clocktower.event.EventJson;
import io.clocktower.event.EventQueue;
import io.clocktower.event.EventQueue.Next;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/**
 * Sends events to one client, on a virtual thread of its own. A slow client delays only itself, and receives the number of
 * events that it missed. A comment after a time without events keeps proxies from closing the connection.
 */
final class EventStream implements Flow.Publisher<OutboundSseEvent>, Flow.Subscription {

    static final int QUEUE = 256;
    static final Duration HEARTBEAT = Duration.ofSeconds(15);
    static final String GAP = "gap";

    private static final Logger LOG = Logger.getLogger(EventStream.class);
    private static final long RECONNECT_MS = 3_000;
    /** How often a waiting stream asks whether it is over. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final DeviceEvents events;
    private final EventQueue queue;
    private final OptionalLong afterId;
    private final Sse sse;
    private final Life life;
    private final Semaphore demand = new Semaphore(0);
    private final Thread thread;
    private Flow.Subscriber<? super OutboundSseEvent> client;
    private volatile boolean isCancelled;
    private long sentNs = System.nanoTime();

    /** The stream ends before its next event: the client has gone, or no longer has the right to read. */
    private static final class OverException extends Exception {

        private static final long serialVersionUID = 1L;
    }

    /** The owner of the streams. */
    interface Life {

        /** Whether the stream may begin. */
        boolean begins(EventStream stream);

        /** Whether the client is known to have gone, or no longer has the right to read. */
        boolean isOver();

        void onEnd(EventStream stream);
    }

    /**
     * @param afterId the event after which the stream begins; if empty, it begins with the next event
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

    /** Accepts no more events. The stream ends after those that are queued. */
    void end() {
        queue.close();
    }

    /** Waits for its end, and interrupts it when {@code patience} is over. */
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
        } catch (OverException e) {
            client.onComplete();
        } catch (RuntimeException e) {
            if (isCancelled || life.isOver()) {
                LOG.debug("an event stream ended: its client has gone", e);
            } else {
                LOG.error("an event stream failed", e);
            }
            client.onError(e);
        } finally {
            subscription.ifPresent(Subscription::close);
            life.onEnd(this);
        }
    }

    private void sendPast(DeviceEvents.Resumed resumed, Predicate<DeviceEvent> isWanted)
            throws InterruptedException, OverException {
        if (resumed.missed().isEmpty()) {
            send(gap("{\"detail\":\"the service was restarted; events were missed\"}"));
        } else if (resumed.missed().getAsLong() > 0) {
            sendGap(resumed.missed().getAsLong());
        }
        for (DeviceEvent event : resumed.events()) {
            if (isWanted.test(event)) {
                send(event);
            }
        }
    }

    private void sendOn() throws InterruptedException, OverException {
        while (!queue.isEnded()) {
            Optional<Next> next = queue.poll(LOOK);
            throwIfOver();
            if (next.isPresent()) {
                if (next.get().missed() > 0) {
                    sendGap(next.get().missed());
                }
                send(next.get().event());
            } else if (!queue.isEnded() && System.nanoTime() - sentNs >= HEARTBEAT.toNanos()) {
                send(sse.newEventBuilder().comment("still here").build());
            }
        }
    }

    private void throwIfOver() throws OverException {
        if (life.isOver()) {
            throw new OverException();
        }
    }

    private OutboundSseEvent opening() {
        return sse.newEventBuilder().comment("events").reconnectDelay(RECONNECT_MS).build();
    }

    private void send(DeviceEvent event) throws InterruptedException, OverException {
        send(sse.newEventBuilder().id(Long.toString(event.id())).name(event.type().word())
                .data(EventJson.write(event)).build());
    }

    private void sendGap(long missed) throws InterruptedException, OverException {
        send(gap("{\"missed\":%d,\"detail\":\"%d events were missed\"}".formatted(missed, missed)));
    }

    private OutboundSseEvent gap(String json) {
        return sse.newEventBuilder().name(GAP).data(json).build();
    }

    /** Waits until the client has received the previous event. */
    private void send(OutboundSseEvent event) throws InterruptedException, OverException {
        while (!demand.tryAcquire(LOOK.toNanos(), TimeUnit.NANOSECONDS)) {
            throwIfOver();
        }
        client.onNext(event);
        sentNs = System.nanoTime();
    }
}
