package io.clocktower.rtc;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import io.clocktower.fuzz.Choices;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import io.clocktower.virtqueue.Feature;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.RingFormat;
import io.clocktower.virtqueue.Virtqueue;
import java.util.ArrayList;
import java.util.List;

/**
 * Requests of any content, cut over any descriptors, one after the other to the same device. Each is answered, and nothing
 * is written behind the bytes that the answer says it has.
 */
public final class RequestFuzz {

    private static final int REQUESTS = 16;
    private static final int QUEUE_SIZE = 64;
    private static final int MAX_PIECES = 4;
    private static final int MAX_PIECE_BYTES = 40;
    private static final byte GUARD = 0x5a;
    private static final long MEMORY_BYTES = 1 << 20;
    private static final long START_NS = 1_800_000_000_000_000_000L;

    private static final GuestMemory MEMORY = new GuestMemory(MEMORY_BYTES, 0x4000_0000L, 0x7f00_0000_0000L);
    private static final MemoryTable TABLE = table();

    private RequestFuzz() {}

    private static MemoryTable table() {
        try {
            return MemoryTable.of(List.of(MemoryRegion.map(new MemoryRegion.Place(MEMORY.guestAddress(),
                    MEMORY.userAddress(), MEMORY.sizeBytes(), 0), MEMORY.file())));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Host implements HostClock {

        private long ns = START_NS;

        @Override
        public long taiNs() {
            return ns;
        }

        @Override
        public long realtimeNs() {
            return ns;
        }

        @Override
        public long boottimeNs() {
            return ns;
        }
    }

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        var choices = new Choices(input);
        var host = new Host();
        LeapSeconds leapSeconds = LeapSeconds.builtIn();
        List<ServedClock> clocks = ClockSpec.DEFAULTS.stream().map(spec -> new ServedClock(spec, leapSeconds)).toList();
        var device = new RtcDevice(clocks, host, System::nanoTime, AlarmTimer.NONE, new SilentObserver(),
                new SilentObserver());
        device.onFeatures(choices.u8() % 2 == 0 ? device.features() : Feature.VERSION_1);
        MEMORY.release(MEMORY.guestAddress());
        var driver = new SplitDriver(MEMORY, QUEUE_SIZE);
        Virtqueue requestq = RingFormat.SPLIT.open(new RingAreas(QUEUE_SIZE,
                MEMORY.at(driver.descriptorArea(), RingFormat.SPLIT.descriptorAreaBytes(QUEUE_SIZE)),
                MEMORY.at(driver.driverArea(), RingFormat.SPLIT.driverAreaBytes(QUEUE_SIZE, Feature.EVENT_IDX)),
                MEMORY.at(driver.deviceArea(), RingFormat.SPLIT.deviceAreaBytes(QUEUE_SIZE, Feature.EVENT_IDX))), TABLE,
                Feature.VERSION_1 | Feature.EVENT_IDX, 0);
        for (int i = 0; i < REQUESTS && !choices.isEmpty(); i++) {
            request(choices, driver, device, requestq);
            host.ns += choices.i32();
            device.onTime();
        }
    }

    private static void request(Choices choices, SplitDriver driver, RtcDevice device, Virtqueue requestq)
            throws Exception {
        driver.forgetDescriptors();
        List<Piece> pieces = new ArrayList<>();
        int count = 1 + choices.below(MAX_PIECES);
        for (int i = 0; i < count; i++) {
            byte[] content = choices.bytes(choices.below(MAX_PIECE_BYTES));
            long address = MEMORY.allocate(MAX_PIECE_BYTES, 8);
            MEMORY.write(address, content);
            pieces.add(Piece.readable(address, content.length));
        }
        int room = choices.below(MAX_PIECE_BYTES);
        long answer = MEMORY.allocate(2 * MAX_PIECE_BYTES, 8);
        MEMORY.fill(answer, 2 * MAX_PIECE_BYTES, GUARD);
        int cut = room == 0 ? 0 : choices.below(room);
        pieces.add(Piece.writable(answer, cut));
        pieces.add(Piece.writable(answer + cut, room - cut));
        driver.publish(driver.chain(pieces));
        device.onAvailable(RtcDevice.REQUESTQ, requestq);
        requestq.publish();
        Used used = driver.takeUsed();
        if (used.length() > room) {
            throw new AssertionError("used %d of %d bytes".formatted(used.length(), room));
        }
        for (byte value : MEMORY.read(answer + room, MAX_PIECE_BYTES)) {
            if (value != GUARD) {
                throw new AssertionError("written behind the buffer");
            }
        }
    }
}
