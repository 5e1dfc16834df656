package io.clocktower.hosted;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.clocktower.device.ManualHostClock;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvent.Type;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.status.DeviceCounters;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a guest does with its alarms is told within bounds, and costs nothing while nobody listens. */
class AlarmEventsTest {

    private static final long SECOND = 1_000_000_000L;
    /** What the JVM may need for itself, once. */
    private static final long SLACK_BYTES = 4_096;

    private final ManualHostClock host = new ManualHostClock();
    private final List<DeviceEvent> published = new ArrayList<>();
    private final Observer observer = new Observer();
    private final DeviceSpec spec = new DeviceSpec("vm0", Path.of("/x"), List.of(), Optional.empty(), Duration.ZERO,
            Map.of("team", "payments"));
    private final DeviceCounters counters = new DeviceCounters(host, 4);
    private final AlarmEvents alarms = new AlarmEvents(counters, () -> spec, host, host::boottimeNs, observer);

    private final class Observer implements DeviceObserver {

        private boolean isHeard = true;
        private int unheard;

        @Override
        public void onDisconnected() {}

        @Override
        public void onChanged() {}

        @Override
        public void onEvent(DeviceEvent event) {
            published.add(event);
        }

        @Override
        public boolean isHeard() {
            return isHeard;
        }

        @Override
        public void onUnheard() {
            unheard++;
        }
    }

    @Test
    void eachSaysItsClock() {
        alarms.onSet(3);
        alarms.onExpired(3);
        alarms.onDelivered(3);

        assertEquals(List.of(Type.ALARM_SET, Type.ALARM_EXPIRED, Type.ALARM_DELIVERED),
                published.stream().map(DeviceEvent::type).toList());
        published.forEach(event -> {
            assertEquals(Optional.of(3), event.clock());
            assertEquals("vm0", event.device());
            assertEquals(spec.labels(), event.labels());
        });
        assertEquals("the alarm expired", published.get(1).detail());
    }

    @Test
    void aGuestThatSetsOnAndOnIsToldFiftyTimesASecond() {
        for (int i = 0; i < 1_000; i++) {
            alarms.onSet(0);
        }
        assertEquals(50, published.size());
        host.advance(SECOND);
        alarms.onSet(0);
        assertEquals("the guest set its alarm; 950 events before it were left out", published.getLast().detail());
    }

    @Test
    void nothingIsAllocatedWhileNobodyListens() {
        observer.isHeard = false;
        for (int i = 0; i < 20_000; i++) {
            run(i);
        }
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            run(i);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        assertTrue(allocated <= SLACK_BYTES, allocated + " bytes");
        assertEquals(40_000, observer.unheard);
        assertEquals(List.of(), published);
    }

    private void run(int round) {
        if (round % AlarmEvents.PER_SECOND == 0) {
            host.advance(SECOND);
        }
        alarms.onExpired(0);
    }
}
