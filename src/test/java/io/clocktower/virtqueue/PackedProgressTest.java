package io.clocktower.virtqueue;

import static io.clocktower.frontend.SplitDriver.Piece.writable;
import static io.clocktower.virtqueue.GuestRegions.BUFFERS;
import static io.clocktower.virtqueue.RingFormat.PACKED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.PackedDriver;
import io.clocktower.frontend.SplitDriver.Used;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a packed ring goes on whose device ended at any point. */
class PackedProgressTest {

    private static final int STEPS = 20_000;
    private static final int MAX_CHAIN = 4;
    private static final long LENGTH_OFFSET = 8;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment progress = arena.allocate(PackedProgress.BYTES, Long.BYTES);
    private final DescriptorChain chain = new DescriptorChain();
    private final TurnBudget budget = new TurnBudget();
    private GuestRegions memory;
    private PackedDriver driver;
    private Virtqueue device;
    /** What the driver made available and has not got back: ids and numbers of descriptors. */
    private final Deque<int[]> available = new ArrayDeque<>();
    private int free;

    @BeforeEach
    void open() throws Exception {
        memory = new GuestRegions();
    }

    @AfterEach
    void close() {
        memory.close();
        arena.close();
    }

    private RingAreas areas() throws Exception {
        return new RingAreas(driver.size(), at(driver.descriptorArea(), PACKED.descriptorAreaBytes(driver.size())),
                at(driver.driverArea(), PACKED.driverAreaBytes(driver.size(), 0)),
                at(driver.deviceArea(), PACKED.deviceAreaBytes(driver.size(), 0)));
    }

    private MemorySegment at(long guestAddress, long bytes) throws Exception {
        return memory.table().atUserAddress(memory.rings().userAddressOf(guestAddress), bytes).orElseThrow();
    }

    private void begin(int size, int base) throws Exception {
        driver = new PackedDriver(memory.rings(), size, false);
        free = size;
        goOn(base);
    }

    private void goOn(int base) throws Exception {
        device = new PackedVirtqueue(areas(), memory.table(), 0, base);
        device.keepProgress(progress);
    }

    private OptionalInt found() throws Exception {
        return PackedProgress.base(progress, areas().descriptorArea());
    }

    private void offer(int entries) {
        int id = driver.chain(IntStream.range(0, entries).mapToObj(i -> writable(BUFFERS + 16L * i, 16))
                .toList());
        driver.publish(id);
        available.add(new int[]{id, entries});
        free -= entries;
    }

    private void take() {
        int[] first = available.remove();
        assertEquals(new Used(first[0], 7), driver.takeUsed());
        free += first[1];
    }

    private boolean use() throws Exception {
        budget.begin();
        if (!device.pop(chain, budget)) {
            return false;
        }
        device.push(chain, 7);
        return true;
    }

    /** The last that a process did was to say what it is about to do. */
    private void useAndUndo() throws Exception {
        MemorySegment ring = areas().descriptorArea();
        long entry = DescriptorWords.BYTES * (device.base() >>> Short.SIZE & 0x7fff) + LENGTH_OFFSET;
        long before = ring.get(ValueLayout.JAVA_LONG, entry);
        int base = device.base();
        if (use()) {
            ring.set(ValueLayout.JAVA_LONG, entry, before);
            assertEquals(OptionalInt.of(base), found());
        }
    }

    /** A driver that has as many buffers in flight as it likes; none is used twice, and none is lost. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7, 8, 16})
    void itGoesOnWhereItEndedWhateverTheDriverDidSince(int size) throws Exception {
        var random = new Random(size);
        begin(size, PACKED.initialBase());
        long ends = 0;
        for (int i = 0; i < STEPS; i++) {
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    if (free > 0) {
                        offer(1 + random.nextInt(Math.min(free, MAX_CHAIN)));
                    }
                }
                case 2 -> use();
                case 3 -> {
                    if (driver.hasUsed()) {
                        take();
                    }
                }
                case 4 -> {
                    int base = device.base();
                    assertEquals(OptionalInt.of(base), found());
                    goOn(base);
                    ends++;
                }
                default -> {
                    useAndUndo();
                    goOn(found().orElseThrow());
                    ends++;
                }
            }
        }
        while (use() || driver.hasUsed()) {
            while (driver.hasUsed()) {
                take();
            }
        }
        assertTrue(available.isEmpty(), () -> available.size() + " buffers are lost");
        assertEquals(driver.base(), device.base());
        assertTrue(ends > STEPS / 4, () -> "it ended seldom");
    }

    /** The driver filled the ring again with the descriptors of the buffer that was used last. */
    @Test
    void aDescriptorThatIsAvailableAgainWasUsed() throws Exception {
        begin(2, PACKED.initialBase());
        offer(1);
        offer(1);
        assertTrue(use());
        take();
        offer(1);
        assertEquals(OptionalInt.of(device.base()), found());
    }

    @Test
    void aProcessThatWentOnIsCaughtUpWith() throws Exception {
        begin(4, PACKED.initialBase());
        Virtqueue waiting = device;
        assertFalse(waiting.catchUp());
        goOn(found().orElseThrow());
        offer(3);
        assertTrue(use());
        assertTrue(waiting.catchUp());
        assertEquals(device.base(), waiting.base());
        assertFalse(waiting.catchUp());
        PackedProgress.clear(progress);
        assertThrows(VirtqueueException.class, waiting::catchUp);
    }

    @Test
    void aRingWithBuffersOfAnEarlierDeviceKeepsNoProgress() throws Exception {
        begin(4, 0x8000_8002);
        assertFalse(PackedProgress.isOpen(progress));
    }

    @Test
    void whatIsNoProgressOfThisRingIsNotGoneOnFrom() throws Exception {
        begin(4, PACKED.initialBase());
        for (long word : new long[]{0, 1L << 32 | 4, 1L << 32 | 4L << 16, 1L << 33, -1}) {
            progress.set(ValueLayout.JAVA_LONG, 0, word);
            assertEquals(OptionalInt.empty(), found(), () -> Long.toHexString(word));
        }
    }
}
