package io.clocktower.virtqueue;

import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.Words;
import io.clocktower.fuzz.Choices;
import io.clocktower.memory.MemoryTable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A ring whose content a fuzzer chooses, and changes between the device's steps. The device may find it broken. It must not
 * fail in another way, run on, or write outside of the ring's device area and of writable buffers.
 */
final class RingFuzz {

    private static final int MAX_SIZE = 64;
    private static final int STEPS = 200;
    private static final int GUARD_BYTES = 64;
    private static final byte GUARD = 0x5a;
    private static final int RESPONSE_BYTES = 32;
    private static final int TABLE_DESCRIPTORS = 8;
    private static final int DESCRIPTOR_BYTES = 16;
    private static final long AREA_BYTES = 4096;

    private final GuestRegions regions;
    private final MemoryTable table;
    private final DescriptorChain chain = new DescriptorChain();
    private final TurnBudget budget = new TurnBudget();

    RingFuzz() {
        try {
            regions = new GuestRegions();
            table = regions.table();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    void run(Choices choices, RingFormat format) {
        int size = format == RingFormat.SPLIT ? 1 << choices.below(7) : 1 + choices.below(MAX_SIZE);
        long features = Feature.VERSION_1 | (choices.u8() % 2 == 0 ? Feature.INDIRECT_DESC : 0)
                | (choices.u8() % 2 == 0 ? Feature.EVENT_IDX : 0)
                | (format == RingFormat.PACKED ? Feature.RING_PACKED : 0);
        MemorySegment descriptors = area(0, format.descriptorAreaBytes(size));
        MemorySegment driver = area(1, format.driverAreaBytes(size, features));
        MemorySegment device = area(2, format.deviceAreaBytes(size, features));
        fill(choices, descriptors, size);
        fillIndirectTable(choices);
        write(driver, 0, choices.bytes((int) driver.byteSize()));
        MemorySegment guard = area(2, device.byteSize() + GUARD_BYTES).asSlice(device.byteSize());
        guard.fill(GUARD);
        try {
            drive(choices, format.open(new RingAreas(size, descriptors, driver, device), table, features,
                    format.initialBase()), driver);
        } catch (VirtqueueException _) {
            // The driver broke a rule.
        }
        if (guard.mismatch(filled(GUARD_BYTES)) >= 0) {
            throw new AssertionError("written behind the device area");
        }
    }

    private void drive(Choices choices, Virtqueue virtqueue, MemorySegment driver) throws VirtqueueException {
        for (int step = 0; step < STEPS; step++) {
            budget.begin();
            if (virtqueue.pop(chain, budget)) {
                answer(virtqueue);
            } else if (!budget.isSpent()) {
                virtqueue.enableNotifications();
                virtqueue.disableNotifications();
                if (choices.isEmpty()) {
                    virtqueue.leaveNotificationsOn();
                    return;
                }
                // The driver goes on while the device looks.
                write(driver, choices.below((int) driver.byteSize()), choices.bytes(2));
            }
        }
    }

    private void answer(Virtqueue virtqueue) {
        int readable = (int) Math.min(chain.readableBytes(), RESPONSE_BYTES);
        int writable = (int) Math.min(chain.writableBytes(), RESPONSE_BYTES);
        long[] words = Words.room(RESPONSE_BYTES);
        chain.read(words, readable);
        chain.write(words, writable);
        virtqueue.push(chain, writable);
        virtqueue.publish();
        virtqueue.isReady();
        virtqueue.base();
    }

    private MemorySegment area(int index, long bytes) {
        GuestMemory rings = regions.rings();
        return rings.at(rings.guestAddress() + index * AREA_BYTES, bytes);
    }

    private void fill(Choices choices, MemorySegment descriptors, int count) {
        for (int i = 0; i < count; i++) {
            describe(choices, descriptors, i);
        }
    }

    private void fillIndirectTable(Choices choices) {
        byte[] bytes = new byte[TABLE_DESCRIPTORS * DESCRIPTOR_BYTES];
        fill(choices, MemorySegment.ofArray(bytes), TABLE_DESCRIPTORS);
        regions.write(GuestRegions.BUFFERS, bytes);
    }

    /** Most descriptors are in the guest's memory, many at an edge of it. */
    private static void describe(Choices choices, MemorySegment table, int index) {
        int kind = choices.u8();
        long address = switch (kind % 8) {
            case 0, 1, 2 -> GuestRegions.BUFFERS + choices.u16();
            case 3 -> GuestRegions.BUFFERS;
            case 4 -> GuestRegions.SEAM - choices.u8();
            case 5 -> GuestRegions.END - choices.u8();
            case 6 -> choices.i64();
            default -> GuestRegions.BUFFERS - choices.u8();
        };
        int length = kind < 32 ? choices.i32() : choices.u8();
        long at = (long) index * DESCRIPTOR_BYTES;
        table.set(SplitDriver.LE64, at, address);
        table.set(SplitDriver.LE32, at + 8, length);
        table.set(SplitDriver.LE32, at + 12, choices.i32());
    }

    private static void write(MemorySegment area, int offset, byte[] bytes) {
        int count = (int) Math.min(bytes.length, area.byteSize() - offset);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, area, offset, count);
    }

    private static MemorySegment filled(int bytes) {
        byte[] content = new byte[bytes];
        Arrays.fill(content, GUARD);
        return MemorySegment.ofArray(content);
    }
}
