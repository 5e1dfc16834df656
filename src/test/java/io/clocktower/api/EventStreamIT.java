package io.clocktower.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.Effect;
import io.clocktower.device.Devices;
import io.clocktower.fault.FaultRequest;
import io.clocktower.spec.DeviceVersion;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.ws.rs.ServiceUnavailableException;
import jakarta.ws.rs.sse.OutboundSseEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jboss.resteasy.reactive.server.jaxrs.SseImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a client is sent that takes events only when the test does. */
class EventStreamIT {

    private static final long PATIENCE_S = 10;

    private Devices devices;
    private EventStreams streams;

    @BeforeEach
    void start() throws Exception {
        devices = new Devices("vm0");
        streams = new EventStreams(devices.host());
    }

    @AfterEach
    void stop() throws Exception {
        streams.onStop(new ShutdownEvent());
        devices.close();
    }

    /** A client that is sent nothing but what it asks for. */
    private static final class Client implements Flow.Subscriber<OutboundSseEvent> {

        private final BlockingQueue<OutboundSseEvent> sent = new LinkedBlockingQueue<>();
        private final CountDownLatch completed = new CountDownLatch(1);
        private Flow.Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
        }

        @Override
        public void onNext(OutboundSseEvent event) {
            sent.add(event);
        }

        @Override
        public void onError(Throwable failure) {
            throw new AssertionError(failure);
        }

        @Override
        public void onComplete() {
            completed.countDown();
        }

        OutboundSseEvent take() throws InterruptedException {
            subscription.request(1);
            OutboundSseEvent event = sent.poll(PATIENCE_S, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("nothing was sent");
            }
            return event;
        }
    }

    private Client open(OptionalLong after) throws InterruptedException {
        var client = new Client();
        streams.stream(event -> true, after, SseImpl.INSTANCE, () -> false).subscribe(client);
        assertEquals("events", client.take().getComment());
        return client;
    }

    private Client open() throws InterruptedException {
        return open(OptionalLong.empty());
    }

    private void inject(long offsetNs) throws Exception {
        devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.of("f"), new FaultRequest(Optional.empty(),
                new Effect.Step(offsetNs), Optional.empty(), Optional.empty(), "alice", ""));
    }

    @Test
    void anEventHasItsIdAndType() throws Exception {
        Client client = open();
        inject(1);

        OutboundSseEvent event = client.take();
        assertEquals("fault-injected", event.getName());
        assertTrue(event.getData().toString().startsWith("{\"id\":" + event.getId() + ",\"time\":\"2026-11-22T12:"),
                event.getData()::toString);
    }

    /** One is on its way, so many wait, and the ones between are missed. */
    @Test
    void aSlowClientIsToldHowManyItMissed() throws Exception {
        Client slow = open();
        inject(1);
        OutboundSseEvent first = slow.take();
        for (int i = 0; i < 1_000; i++) {
            inject(2 + i);
        }
        long firstId = Long.parseLong(first.getId());

        List<Long> ids = new ArrayList<>();
        long missed = 0;
        while (ids.isEmpty() || ids.getLast() < firstId + 1_000) {
            OutboundSseEvent event = slow.take();
            if (event.getName().equals("gap")) {
                assertNull(event.getId());
                assertEquals(0, missed, "told once");
                missed = Long.parseLong(event.getData().toString().replaceFirst(".*\"missed\":(\\d+).*", "$1"));
            } else {
                ids.add(Long.parseLong(event.getId()));
            }
        }
        assertEquals(1_000, ids.size() + missed);
        assertTrue(ids.size() <= EventStream.QUEUE + 1, () -> ids.size() + " events waited");
    }

    @Test
    void whoComesBackIsSentWhatItMissed() throws Exception {
        Client client = open();
        inject(1);
        long last = Long.parseLong(client.take().getId());
        client.subscription.cancel();
        inject(2);
        inject(3);

        Client again = open(OptionalLong.of(last));
        assertEquals(Long.toString(last + 1), again.take().getId());
        assertEquals(Long.toString(last + 2), again.take().getId());
        inject(4);
        assertEquals(Long.toString(last + 3), again.take().getId());
    }

    @Test
    void whoComesBackTooLateIsToldOfTheGap() throws Exception {
        inject(1);
        Client client = open(OptionalLong.of(5));
        OutboundSseEvent gap = client.take();
        assertEquals("gap", gap.getName());
        assertEquals("{\"detail\":\"the service was restarted; events were missed\"}", gap.getData());
        assertEquals("fault-injected", client.take().getName());
    }

    @Test
    void thereAreSoManyStreamsAtTheMost() throws Exception {
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < EventStreams.MAX; i++) {
            clients.add(open());
        }
        assertThrows(ServiceUnavailableException.class, this::open);

        clients.getFirst().subscription.cancel();
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
        while (true) {
            try {
                open();
                return;
            } catch (ServiceUnavailableException e) {
                assertFalse(System.nanoTime() > endNs, "the stream of a client that has gone stays");
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void atTheEndStreamsEndAndASlowClientIsCutOff() throws Exception {
        Client slow = open();
        Client fast = open();
        fast.subscription.request(100);
        inject(1);
        assertEquals("fault-injected", fast.sent.poll(PATIENCE_S, TimeUnit.SECONDS).getName());
        long start = System.nanoTime();
        streams.onStop(new ShutdownEvent());

        assertTrue(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) < 5);
        assertTrue(fast.completed.await(PATIENCE_S, TimeUnit.SECONDS));
        assertTrue(slow.completed.await(PATIENCE_S, TimeUnit.SECONDS));
        assertThrows(ServiceUnavailableException.class, this::open);
    }
}
