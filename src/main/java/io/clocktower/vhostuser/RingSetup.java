package io.clocktower.vhostuser;

import io.clocktower.memory.MemoryTable;
import io.clocktower.virtqueue.PackedProgress;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.RingFormat;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What a front-end says of a ring before it runs: SET_VRING_NUM, SET_VRING_ADDR and SET_VRING_BASE. */
final class RingSetup {

    private final int index;
    private final Session session;

    private int size;
    private OptionalInt base = OptionalInt.empty();
    private boolean hasAddresses;
    private long descriptorAddress;
    private long driverAddress;
    private long deviceAddress;
    private OptionalLong logAddress = OptionalLong.empty();

    RingSetup(int index, Session session) {
        this.index = index;
        this.session = session;
    }

    /** In entries; 0 before it is set. */
    int size() {
        return size;
    }

    void setSize(int size) throws ProtocolException {
        RingFormat format = session.ringFormat();
        if (!format.allowsSize(size)) {
            throw new ProtocolException("vring %d: size %s, expected 1 to %d%s".formatted(index,
                    Integer.toUnsignedString(size), RingFormat.MAX_SIZE,
                    format == RingFormat.SPLIT ? " and a power of two" : ""));
        }
        this.size = size;
    }

    /** Where the ring begins, as SET_VRING_BASE says it; as a new ring does before that is sent. */
    int base() {
        return base.orElse(session.ringFormat().initialBase());
    }

    void checkBase(int base) throws ProtocolException {
        if (!session.ringFormat().allowsBase(base)) {
            throw new ProtocolException("vring %d: base %s, expected at most 65535".formatted(index,
                    Integer.toUnsignedString(base)));
        }
    }

    void setBase(int base) {
        session.progress(index).ifPresent(PackedProgress::clear);
        this.base = OptionalInt.of(base);
    }

    /** Sets the user addresses of the areas. */
    void setAddresses(FrontEndState.Addresses addresses) throws ProtocolException {
        long descriptor = addresses.descriptorArea();
        long available = addresses.driverArea();
        long used = addresses.deviceArea();
        if (locate(Math.max(size, 1), descriptor, available, used).isEmpty()) {
            if (Stream.of(descriptor, available, used)
                    .allMatch(area -> session.memory().atUserAddress(area, 1).isEmpty())) {
                throw new ProtocolException(
                        ("vring %d: no memory region of the virtual machine holds it, of %d: is its memory shared"
                                + " (share=on)?").formatted(index, session.memory().regions().size()));
            }
            throw new ProtocolException(
                    "vring %d: descriptor area %#x, driver area %#x or device area %#x is outside the memory regions"
                            .formatted(index, descriptor, available, used));
        }
        take(addresses);
    }

    private void take(FrontEndState.Addresses addresses) {
        descriptorAddress = addresses.descriptorArea();
        driverAddress = addresses.driverArea();
        deviceAddress = addresses.deviceArea();
        logAddress = addresses.log();
        hasAddresses = true;
    }

    /** Where the areas are mapped, or nothing if some of their memory is not there. */
    Optional<RingAreas> locate() {
        return locate(size, descriptorAddress, driverAddress, deviceAddress);
    }

    private Optional<RingAreas> locate(int size, long descriptor, long driver, long device) {
        MemoryTable memory = session.memory();
        RingFormat format = session.ringFormat();
        long features = session.features();
        Optional<MemorySegment> descriptorArea = memory.atUserAddress(descriptor, format.descriptorAreaBytes(size));
        Optional<MemorySegment> driverArea = memory.atUserAddress(driver, format.driverAreaBytes(size, features));
        Optional<MemorySegment> deviceArea = memory.atUserAddress(device, format.deviceAreaBytes(size, features));
        return descriptorArea.isPresent() && driverArea.isPresent() && deviceArea.isPresent()
                ? Optional.of(new RingAreas(size, descriptorArea.get(), driverArea.get(), deviceArea.get(),
                        logAddress.isPresent(), memory.guestAddressOf(descriptor), logAddress.orElse(0)))
                : Optional.empty();
    }

    /**
     * Checks the alignment, which is up to the driver and not to the front-end.
     *
     * @throws VirtqueueException if an area is not aligned
     */
    void checkAlignment() throws VirtqueueException {
        if (!session.ringFormat().isAligned(descriptorAddress, driverAddress, deviceAddress)) {
            throw new VirtqueueException("descriptor area %#x, driver area %#x or device area %#x is not aligned"
                    .formatted(descriptorAddress, driverAddress, deviceAddress));
        }
    }

    /** Whether the front-end has said all that it takes to run the ring, and the memory of its areas is there. */
    boolean isComplete() {
        return base.isPresent() && isLocated();
    }

    private boolean isLocated() {
        return hasAddresses && session.ringFormat().allowsSize(size) && locate().isPresent();
    }

    /** The ring is kicked: if only its base is not set, it begins as a new ring does. */
    void assumeBase() {
        if (base.isEmpty() && isLocated()) {
            setBase(base());
        }
    }

    /** Counts what of the areas the guest never touched. */
    void beforeUse(RingAreas areas) {
        session.memory().beforeUse(areas.descriptorArea());
        session.memory().beforeUse(areas.driverArea());
        session.memory().beforeUse(areas.deviceArea());
    }

    /**
     * The virtqueue, of a setup that is complete.
     *
     * @throws VirtqueueException if the driver must not have such a ring
     */
    Virtqueue open() throws VirtqueueException {
        checkAlignment();
        RingAreas areas = locate().orElseThrow();
        beforeUse(areas);
        Optional<MemorySegment> progress = session.progress(index);
        // Another process may have gone on with it.
        OptionalInt found = progress.isPresent()
                ? PackedProgress.base(progress.get(), areas.descriptorArea())
                : OptionalInt.empty();
        Virtqueue virtqueue = session.ringFormat().open(areas, session.memory(), session.features(),
                found.orElse(base()));
        progress.ifPresent(virtqueue::keepProgress);
        return virtqueue;
    }

    OptionalInt givenBase() {
        return base;
    }

    Optional<FrontEndState.Addresses> addresses() {
        return hasAddresses
                ? Optional.of(new FrontEndState.Addresses(descriptorAddress, driverAddress, deviceAddress, logAddress))
                : Optional.empty();
    }

    /**
     * Checks what another process says of a ring.
     *
     * @throws ProtocolException if a front-end could not set its size or its base
     */
    static void check(int index, FrontEndState.Ring state, RingFormat format) throws ProtocolException {
        boolean isSizeValid = state.size() == 0 || format.allowsSize(state.size());
        if (!isSizeValid || !state.base().stream().allMatch(format::allowsBase)) {
            throw new ProtocolException("vring %d: size %d and base %s are not those of a ring".formatted(index,
                    state.size(), state.base()));
        }
    }

    /** Takes what was checked. */
    void restore(FrontEndState.Ring state) {
        size = state.size();
        base = state.base();
        hasAddresses = false;
        state.addresses().ifPresent(this::take);
    }

    void forget() {
        session.progress(index).ifPresent(PackedProgress::clear);
        size = 0;
        base = OptionalInt.empty();
        hasAddresses = false;
        logAddress = OptionalLong.empty();
    }
}
