package io.clocktower.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.config.WebhookSpec;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvent.Type;
import io.clocktower.webhook.Receiver.Answer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which events a receiver is told of, when, and when no more; time passes only in pauses. */
class WebhookTest {

    private static final Answer OK = new Answer(204, Optional.empty());
    private static final Answer FAILED = new Answer(500, Optional.empty());

    private final WebhookSpec spec = new WebhookSpec("ops", URI.create("http://127.0.0.1/"), Optional.empty(),
            Set.of(Type.DISCONNECTED), Map.of("team", "payments"), Optional.empty(), Duration.ofSeconds(5));
    private final List<Delivery> told = new ArrayList<>();
    /** What the receiver answers, in turn; null is no answer at all. It then goes on with the last. */
    private final Deque<Optional<Answer>> answers = new ArrayDeque<>();
    private final ManualPace pace = new ManualPace();
    private final Webhook webhook = new Webhook(spec, this::tell, pace);

    private static final class ManualPace implements Pace {

        private final List<Duration> pauses = new ArrayList<>();
        private double random;
        private long nowNs;

        @Override
        public long nowNs() {
            return nowNs;
        }

        @Override
        public void pause(Duration duration) {
            pauses.add(duration);
            nowNs += duration.toNanos();
        }

        @Override
        public double random() {
            return random;
        }
    }

    private Answer tell(Delivery delivery) throws IOException {
        told.add(delivery);
        Optional<Answer> answer = answers.size() > 1 ? answers.poll() : answers.peek();
        return answer.orElseThrow(() -> new IOException("connection refused"));
    }

    private void answer(Answer... inTurn) {
        for (Answer answer : inTurn) {
            answers.add(Optional.ofNullable(answer));
        }
    }

    private void happens(long id) {
        happens(id, Type.DISCONNECTED, Map.of("team", "payments", "tier", "1"));
    }

    private void happens(long id, Type type, Map<String, String> labels) {
        webhook.accept(new DeviceEvent(id, Instant.EPOCH, type, "vm0", Optional.empty(), Optional.empty(),
                DeviceEvent.Change.NONE, labels,
                ""));
    }

    private void run() {
        webhook.end();
        webhook.run();
    }

    private List<Long> toldIds() {
        return told.stream().map(delivery -> delivery.event().id()).toList();
    }

    @Test
    void whatItWantsIsToldInOrder() {
        answer(OK);
        happens(1);
        happens(2, Type.CONNECTED, Map.of("team", "payments"));
        happens(3, Type.DISCONNECTED, Map.of("team", "fraud"));
        happens(4);
        run();

        assertEquals(List.of(1L, 4L), toldIds());
        assertEquals(new WebhookStatus("ops", 2, 0, 0, 0), webhook.status());
        assertEquals(List.of(), pace.pauses);
    }

    @Test
    void aFailureIsTriedAgainBeforeTheNextEventAndKeepsItsId() {
        answer(FAILED, new Answer(429, Optional.empty()), null, OK);
        happens(1);
        happens(2);
        run();

        assertEquals(List.of(1L, 1L, 1L, 1L, 2L), toldIds());
        assertEquals(2, new HashSet<>(told.stream().map(Delivery::id).toList()).size());
        assertEquals(List.of(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4)), pace.pauses);
        assertEquals(new WebhookStatus("ops", 2, 0, 0, 0), webhook.status());
    }

    @Test
    void aPauseIsNeverShorterThanDocumentedAndUpToATenthLonger() {
        pace.random = 0.999_999_999;
        answer(FAILED, OK);
        happens(1);
        run();

        assertTrue(pace.pauses.getFirst().compareTo(Duration.ofMillis(1_099)) > 0, pace.pauses::toString);
        assertTrue(pace.pauses.getFirst().compareTo(Duration.ofMillis(1_100)) <= 0, pace.pauses::toString);
    }

    @Test
    void aReceiverThatSaysWhenIsCalledThenAndNotBefore() {
        answer(new Answer(503, Optional.of(Duration.ofSeconds(20))), new Answer(503, Optional.of(Duration.ZERO)), OK);
        happens(1);
        run();

        assertEquals(List.of(Duration.ofSeconds(20), Duration.ofSeconds(2)), pace.pauses);
    }

    @Test
    void aRefusalIsFinal() {
        for (int status : new int[]{400, 401, 404, 410, 302}) {
            answers.clear();
            answer(new Answer(status, Optional.empty()), OK);
            happens(status);
        }
        answers.clear();
        answer(new Answer(404, Optional.empty()), new Answer(302, Optional.empty()), OK);
        run();

        assertEquals(List.of(400L, 401L, 404L, 410L, 302L), toldIds());
        assertEquals(List.of(), pace.pauses);
        assertEquals(new WebhookStatus("ops", 3, 2, 0, 0), webhook.status());
    }

    @Test
    void aReceiverThatStaysAwayIsGivenAnHourAnEvent() {
        answer((Answer) null);
        happens(1);
        run();

        Duration all = pace.pauses.stream().reduce(Duration.ZERO, Duration::plus);
        assertTrue(all.compareTo(Duration.ofHours(1)) <= 0, all::toString);
        assertTrue(all.compareTo(Duration.ofMinutes(55)) > 0, all::toString);
        assertTrue(told.size() > 12 && told.size() < 50, () -> told.size() + " attempts");
        assertEquals(new WebhookStatus("ops", 0, 1, 0, 0), webhook.status());
    }

    @Test
    void theOldestMakeRoomForTheNewest() {
        answer(OK);
        for (int id = 1; id <= Webhook.QUEUE + 5; id++) {
            happens(id);
        }
        assertEquals(new WebhookStatus("ops", 0, 0, 5, Webhook.QUEUE), webhook.status());
        run();

        assertEquals(6L, toldIds().getFirst());
        assertEquals(Webhook.QUEUE + 5L, toldIds().getLast());
        assertEquals(new WebhookStatus("ops", Webhook.QUEUE, 0, 5, 0), webhook.status());
    }

    @Test
    void aReceiverThatHangsKeepsNobodyFromEnding() throws Exception {
        var hanging = new Webhook(spec, delivery -> {
            Thread.sleep(Duration.ofDays(1));
            return OK;
        }, Pace.OF_THIS_HOST);
        hanging.accept(new DeviceEvent(1, Instant.EPOCH, Type.DISCONNECTED, "vm0", Optional.empty(), Optional.empty(),
                DeviceEvent.Change.NONE,
                Map.of("team", "payments"), ""));
        Thread thread = Thread.ofVirtual().start(hanging);
        hanging.end();
        thread.interrupt();

        assertTrue(thread.join(Duration.ofSeconds(10)));
        assertFalse(hanging.status().delivered() > 0);
    }
}
