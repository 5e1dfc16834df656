package io.clocktower.device;

import static io.clocktower.frontend.Requests.CFG;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.head;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.clocktower.clock.Effect;
import io.clocktower.fault.FaultRequests;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.spec.DeviceVersion;
import java.lang.management.ManagementFactory;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A request costs the event loop's thread no allocation. */
class AllocationIT {

    private static final int WARM_UP_REQUESTS = 30_000;
    private static final int REQUESTS = 20_000;
    /** The JVM allocates on a thread's account where it compiles or resolves something late, and not again and again. */
    private static final long ONCE_BYTES = 2048;

    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, FrontEnd.VERSION_1})
    void requestsAllocateNothing(long features) throws Exception {
        try (var devices = new Devices("vm0")) {
            assertNothingIsAllocated(devices, features);
        }
    }

    /** Every kind of fault at once, so each reading goes through all of them. */
    @Test
    void requestsAllocateNothingUnderFaultsEither() throws Exception {
        List<Effect> effects = List.of(new Effect.Step(-5), new Effect.SetTime(ManualHostClock.UTC_NS),
                new Effect.Drift(1_000), new Effect.Slew(-5_000_000_000L, 1_000), new Effect.Jitter(5, 1_000, 1),
                new Effect.Strobe(5, 1_000), new Effect.LeapSecond(LocalDate.of(2026, 12, 31), 1));
        try (var devices = new Devices("vm0")) {
            for (Effect effect : effects) {
                devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.empty(), FaultRequests.of(effect));
            }
            assertNothingIsAllocated(devices, Guest.FEATURES);
        }
    }

    private static void assertNothingIsAllocated(Devices devices, long features) throws Exception {
        boolean hasIndirect = (features & FrontEnd.INDIRECT_DESC) != 0;
        try (var guest = new Guest(devices.socket("vm0"), features, 256, 0)) {
            make(WARM_UP_REQUESTS, guest, hasIndirect);
            var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long loop = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("event-loop-0")).findFirst().orElseThrow().threadId();
            long before = threads.getThreadAllocatedBytes(loop);
            make(REQUESTS, guest, hasIndirect);
            long allocated = threads.getThreadAllocatedBytes(loop) - before;
            assertTrue(allocated <= ONCE_BYTES, "%d bytes for %d requests".formatted(allocated, REQUESTS));
        }
    }

    /** Sound ones, such as are refused, and such as are cut. */
    private static void make(int requests, Guest guest, boolean hasIndirect) {
        byte[] read = ofClock(READ, 0);
        byte[] ofNoClock = ofClock(READ, 9);
        for (int i = 0; i < requests; i += 4) {
            assertEquals(0, guest.request(read, 16).status());
            assertEquals(0, guest.request(head(CFG), 16).status());
            assertEquals(3, guest.request(ofNoClock, 16).status());
            assertEquals(0,
                    guest.request(read, List.of(3, 5, 8), 16, List.of(1, 15), hasIndirect && i % 8 == 0).status());
        }
    }
}
