package io.clocktower.frontend;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Random content that is mostly as it could be, so that the device goes far into it before it is refused. */
public final class Noise {

    private static final int REQUESTS = 46;
    private static final int[] SIZES = {0, 4, 8, 12, 40, 40, 264};

    private Noise() {}

    /** Fills a requestq with descriptors, and makes them available. */
    public static void fill(Guest guest, Random random) {
        MemorySegment table = guest.memory().at(guest.ring().descriptorArea(), 16L * guest.ring().size());
        long from = guest.memory().guestAddress();
        for (int i = 0; i < guest.ring().size(); i++) {
            boolean isWild = random.nextInt(1000) == 0;
            long address = isWild ? random.nextLong() : from + (random.nextInt(4 << 20) & -16);
            int length = isWild ? random.nextInt() : 16 * random.nextInt(64);
            int flags = isWild ? random.nextInt() : random.nextInt(50) == 0 ? 4 : random.nextInt(8) == 0 ? 0 : 1;
            if (guest.ring() instanceof PackedDriver) {
                flags |= random.nextInt(500) == 0 ? PackedDriver.USED : PackedDriver.AVAIL;
            }
            table.set(SplitDriver.LE64, 16L * i, address);
            table.set(SplitDriver.LE32, 16L * i + 8, length);
            if (guest.ring() instanceof PackedDriver) {
                table.set(SplitDriver.LE16, 16L * i + 12, (short) i);
                table.set(SplitDriver.LE16, 16L * i + 14, (short) flags);
            } else {
                table.set(SplitDriver.LE16, 16L * i + 12, (short) flags);
                table.set(SplitDriver.LE16, 16L * i + 14, (short) random.nextInt(guest.ring().size()));
            }
        }
        if (guest.ring() instanceof SplitDriver split) {
            for (int i = 0; i < split.size(); i++) {
                split.publish(random.nextInt(split.size()));
            }
        }
    }

    /** Sends messages, some of them with an eventfd and memory, and reads no reply. */
    public static void send(FrontEnd frontEnd, Random random, int messages, GuestMemory memory) throws IOException {
        for (int i = 0; i < messages; i++) {
            byte[] payload = new byte[SIZES[random.nextInt(SIZES.length)]];
            for (int at = 0; at + 4 <= payload.length; at += 4) {
                int value = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(3);
                FrontEnd.payload(4).putInt(value).flip().get(payload, at, 4);
            }
            int flags = FrontEnd.VERSION | (random.nextInt(4) == 0 ? FrontEnd.NEED_REPLY : 0)
                    | (random.nextInt(200) == 0 ? random.nextInt() : 0);
            int size = random.nextInt(200) == 0 ? random.nextInt(5_000) : payload.length;
            byte[] message = FrontEnd.message(random.nextInt(REQUESTS), flags, size, payload);
            if (random.nextInt(8) == 0) {
                frontEnd.sendRaw(message, memory.file());
            } else {
                frontEnd.sendRaw(message);
            }
        }
    }
}
