package io.clocktower.device;

import static io.clocktower.frontend.Requests.EIO;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.READ_CROSS;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.ofCounter;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.conformance.Proves;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Guest.Offer;
import io.clocktower.host.SystemHostClock;
import io.clocktower.linux.CycleCounter;
import io.clocktower.rtc.GuestCounter;
import io.clocktower.spec.DeviceSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many requests made available before one kick, on the host's own clocks. VIRTIO 1.4, "Read Requests". */
class BatchesIT {

    private static final long PLAIN = FrontEnd.VERSION_1 | FrontEnd.INDIRECT_DESC;
    /** More than the device answers in one turn. */
    private static final int REQUESTS = 400;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    @TempDir
    private Path directory;

    private static final int COUNTER = CycleCounter.isTsc() ? GuestCounter.X86_TSC : GuestCounter.ARM_VCT;
    private static final CounterMapping MAPPING = CounterMapping.unscaled(-1_000);

    /** @param notBefore what its clock read before it was made available */
    private record Request(int clockId, boolean isCross, long notBefore, Offer offer) {}

    /**
     * "the device MUST mark all read requests reading C as used in the total order in which the driver marked these
     * requests as available"; and a later request's reading is not before an earlier one's, nor before it was made.
     */
    @ParameterizedTest
    @ValueSource(longs = {Guest.FEATURES, PLAIN, Guest.FEATURES | FrontEnd.RING_PACKED, PLAIN | FrontEnd.RING_PACKED})
    @Proves({"rtc-read-02", "rtc-read-03", "rtc-read-04", "rtc-read-07", "rtc-read-11", "packed-order-01",
            "packed-order-02"})
    void requestsAreAnsweredInTheirOrderWithReadingsTakenAfterThem(long features) throws Exception {
        LeapSeconds leapSeconds = LeapSeconds.builtIn();
        var hostClock = new SystemHostClock(leapSeconds);
        var clocks = ClockSpec.DEFAULTS.stream().map(spec -> new ServedClock(spec, leapSeconds)).toList();
        var random = new Random(features);
        Path socket = directory.resolve("vm0.sock");
        try (var host = new DeviceHost(hostClock, leapSeconds, 1, false)) {
            host.create(
                    new DeviceSpec("vm0", socket, ClockSpec.DEFAULTS, Optional.of(MAPPING), Devices.POLL_WINDOW,
                            Map.of()));
            try (var guest = new Guest(socket, features, 1024, 0)) {
                long[] earliest = new long[clocks.size()];
                long[] cycles = new long[clocks.size()];
                for (int round = 0; round < 10; round++) {
                    List<Request> batch = new ArrayList<>();
                    for (int i = 0; i < REQUESTS; i++) {
                        int clockId = random.nextInt(clocks.size());
                        batch.add(offer(guest, clockId, random.nextInt(4) == 0,
                                clocks.get(clockId).readNs(hostClock)));
                    }
                    guest.kick();
                    for (Request request : batch) {
                        int id = request.clockId();
                        awaitUsed(guest);
                        assertEquals(request.offer().id(), guest.ring().takeUsed().id());
                        ByteBuffer response = ByteBuffer.wrap(guest.memory().read(request.offer().response(), 24))
                                .order(ByteOrder.LITTLE_ENDIAN);
                        if (request.isCross() && response.get(0) == EIO) {
                            // Clock and counter could not be read closely: the thread was interrupted at every try.
                            continue;
                        }
                        assertEquals(OK, response.get(0));
                        assertTrue(response.getLong(8) >= request.notBefore());
                        assertTrue(response.getLong(8) >= earliest[id]);
                        assertTrue(response.getLong(8) <= clocks.get(id).readNs(hostClock));
                        earliest[id] = response.getLong(8);
                        if (request.isCross()) {
                            assertTrue(response.getLong(16) >= cycles[id]);
                            cycles[id] = response.getLong(16);
                        }
                    }
                }
                assertTrue(Arrays.stream(cycles).allMatch(counter -> counter > 0), "each was read with the counter");
            }
        }
    }

    private static Request offer(Guest guest, int clockId, boolean isCross, long notBefore) {
        byte[] request = isCross ? ofCounter(READ_CROSS, clockId, COUNTER) : ofClock(READ, clockId);
        return new Request(clockId, isCross, notBefore, guest.offer(request, new byte[24]));
    }

    private static void awaitUsed(Guest guest) {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!guest.ring().hasUsed()) {
            assertTrue(System.nanoTime() < endNs, "the device did not use the buffer");
            Thread.yield();
        }
    }
}
