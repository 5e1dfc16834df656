package io.clocktower.vhostuser;

import io.clocktower.memory.MemoryTable;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.RingFormat;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;

/** What a front-end says of a ring before it runs, SET_VRING_NUM, SET_VRING_ADDR and SET_VRING_BASE, and the virtqueue of it. */
final class RingSetup {

    private final int index;
    private final BackEnd backEnd;

    private int size;
    private OptionalInt base = OptionalInt.empty();
    private boolean hasAddresses;
    private long descriptorAddress;
    private long driverAddress;
    private long deviceAddress;

    RingSetup(int index, BackEnd backEnd) {
        this.index = index;
        this.backEnd = backEnd;
    }

    /** In entries; 0 before it is set. */
    int size() {
        return size;
    }

    void setSize(int size) throws ProtocolException {
        RingFormat format = backEnd.ringFormat();
        if (!format.allowsSize(size)) {
            throw new ProtocolException("vring %d: size %s, expected 1 to %d%s".formatted(index,
                    Integer.toUnsignedString(size), RingFormat.MAX_SIZE,
                    format == RingFormat.SPLIT ? " and a power of two" : ""));
        }
        this.size = size;
    }

    /** Where the ring begins, as SET_VRING_BASE says it. */
    int base() {
        return base.orElse(backEnd.ringFormat().initialBase());
    }

    void checkBase(int base) throws ProtocolException {
        if (!backEnd.ringFormat().allowsBase(base)) {
            throw new ProtocolException("vring %d: base %s, expected at most 65535".formatted(index,
                    Integer.toUnsignedString(base)));
        }
    }

    void setBase(int base) {
        this.base = OptionalInt.of(base);
    }

    /** User addresses of the parts; vhost-user has the names of a split ring's for both formats. */
    void setAddresses(long descriptor, long available, long used) throws ProtocolException {
        if (locate(Math.max(size, 1), descriptor, available, used).isEmpty()) {
            throw new ProtocolException(
                    "vring %d: descriptor area %#x, driver area %#x or device area %#x is outside the memory regions"
                            .formatted(index, descriptor, available, used));
        }
        descriptorAddress = descriptor;
        driverAddress = available;
        deviceAddress = used;
        hasAddresses = true;
    }

    /** Where the parts are now, or nothing if the memory there has gone. */
    Optional<RingAreas> locate() {
        return locate(size, descriptorAddress, driverAddress, deviceAddress);
    }

    private Optional<RingAreas> locate(int size, long descriptor, long driver, long device) {
        MemoryTable memory = backEnd.memory();
        RingFormat format = backEnd.ringFormat();
        long features = backEnd.features();
        Optional<MemorySegment> descriptorArea = memory.atUserAddress(descriptor, format.descriptorAreaBytes(size));
        Optional<MemorySegment> driverArea = memory.atUserAddress(driver, format.driverAreaBytes(size, features));
        Optional<MemorySegment> deviceArea = memory.atUserAddress(device, format.deviceAreaBytes(size, features));
        return descriptorArea.isPresent() && driverArea.isPresent() && deviceArea.isPresent()
                ? Optional.of(new RingAreas(size, descriptorArea.get(), driverArea.get(), deviceArea.get()))
                : Optional.empty();
    }

    /**
     * Checks what the driver, and not the front-end, is to see to.
     *
     * @throws VirtqueueException if it did not
     */
    void checkAlignment() throws VirtqueueException {
        if (!backEnd.ringFormat().isAligned(descriptorAddress, driverAddress, deviceAddress)) {
            throw new VirtqueueException("descriptor area %#x, driver area %#x or device area %#x is not aligned"
                    .formatted(descriptorAddress, driverAddress, deviceAddress));
        }
    }

    /** The virtqueue that is set up. */
    Virtqueue open() throws VirtqueueException {
        RingFormat format = backEnd.ringFormat();
        if (!hasAddresses || !format.allowsSize(size)) {
            throw new VirtqueueException("kicked before its size and addresses were set");
        }
        checkAlignment();
        RingAreas areas = locate()
                .orElseThrow(() -> new VirtqueueException("its addresses are outside the memory regions"));
        return format.open(areas, backEnd.memory(), backEnd.features(), base());
    }

    void forget() {
        size = 0;
        base = OptionalInt.empty();
        hasAddresses = false;
    }
}
