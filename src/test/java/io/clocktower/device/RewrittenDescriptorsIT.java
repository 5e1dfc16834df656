package io.clocktower.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Requests;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A second processor of the guest rewrites descriptors and requests while the device works on them. The device reads each
 * field once, so it uses no address or length that it has not checked.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RewrittenDescriptorsIT {

    private static final int REQUESTS = Integer.getInteger("rewritten.requests", 3_000);
    private static final int RING_SIZE = 8;
    private static final int DESCRIPTOR_BYTES = 16;
    private static final int LENGTH_OFFSET = 8;
    private static final int PAGE_BYTES = 4096;
    private static final byte CANARY = 0x5a;
    /** Three buffers in a page that is otherwise full of canaries. */
    private static final int[] BUFFERS = {512, 1024, 2048};
    private static final int REQUEST = BUFFERS[0];
    private static final int[] LENGTHS = {0, 1, 8, 16, 24};
    private static final int BUFFER_BYTES = 24;

    private Devices devices;

    @BeforeAll
    void start() throws Exception {
        devices = new Devices("raced", "bystander");
    }

    @AfterAll
    void stop() throws Exception {
        devices.close();
    }

    static LongStream features() {
        return LongStream.of(Guest.FEATURES, FrontEnd.VERSION_1,
                FrontEnd.VERSION_1 | FrontEnd.RING_PACKED | FrontEnd.EVENT_IDX);
    }

    @ParameterizedTest
    @MethodSource("features")
    void nothingIsWrittenBehindTheUsedLengthWhileDescriptorsAreRewritten(long features) throws Exception {
        try (var guest = new Guest(devices.socket("raced"), features, RING_SIZE, 0);
                var bystander = new Guest(devices.socket("bystander"))) {
            long page = guest.memory().allocate(PAGE_BYTES, PAGE_BYTES);
            guest.memory().fill(page, PAGE_BYTES, CANARY);
            var isDone = new AtomicBoolean();
            var rewritten = new AtomicLong();
            Thread other = Thread.ofPlatform().start(() -> rewrite(guest, page, isDone, rewritten));
            try {
                for (int i = 0; i < REQUESTS; i++) {
                    request(guest, page);
                }
            } finally {
                isDone.set(true);
                other.join();
            }
            assertTrue(rewritten.get() > 0);
            assertEquals(0, devices.status("raced").ringErrors());
            assertEquals(Requests.OK, bystander.request(Requests.ofClock(Requests.READ, 0), 16).status());
        }
    }

    private static void request(Guest guest, long page) {
        if (guest.ring() instanceof SplitDriver split) {
            split.forgetDescriptors();
        }
        guest.memory().fill(page, PAGE_BYTES, CANARY);
        guest.memory().write(page + REQUEST, Requests.ofClock(Requests.READ, 0));
        guest.ring().publish(guest.ring().chain(
                List.of(Piece.readable(page + REQUEST, 16), Piece.writable(page + BUFFERS[1], 16))));
        int used = guest.awaitUsed().length();
        assertUntouched(guest.memory().read(page, PAGE_BYTES), used);
    }

    /**
     * Rewrites the writable descriptors, every second one here, and the content of requests. Each value is valid by itself.
     * (In the first of a chain of a packed ring the device says how much it used.)
     */
    private static void rewrite(Guest guest, long page, AtomicBoolean isDone, AtomicLong rewritten) {
        var random = new Random(1);
        MemorySegment table = guest.memory().at(guest.ring().descriptorArea(), (long) RING_SIZE * DESCRIPTOR_BYTES);
        while (!isDone.get()) {
            long at = (2L * random.nextInt(RING_SIZE / 2) + 1) * DESCRIPTOR_BYTES;
            table.set(SplitDriver.LE64, at, page + BUFFERS[1 + random.nextInt(BUFFERS.length - 1)]);
            table.set(SplitDriver.LE32, at + LENGTH_OFFSET, LENGTHS[random.nextInt(LENGTHS.length)]);
            guest.memory().write(page + REQUEST + random.nextInt(16), new byte[]{(byte) random.nextInt(8)});
            rewritten.incrementAndGet();
        }
    }

    private static void assertUntouched(byte[] page, int used) {
        byte[] expected = new byte[PAGE_BYTES];
        Arrays.fill(expected, CANARY);
        System.arraycopy(page, REQUEST, expected, REQUEST, BUFFER_BYTES);
        for (int i = 1; i < BUFFERS.length; i++) {
            System.arraycopy(page, BUFFERS[i], expected, BUFFERS[i], used);
        }
        assertArrayEquals(expected, page);
    }
}
