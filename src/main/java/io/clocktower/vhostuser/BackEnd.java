package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import io.clocktower.memory.InvalidMemoryException;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import io.clocktower.virtqueue.RingFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What one front-end has negotiated and set up: features, device status, memory and vrings. It acts on the front-end's
 * requests one by one; a request that it refuses has changed nothing.
 */
final class BackEnd {

    /** As many as KVM gives a guest, and as QEMU's front-end takes. */
    static final int MAX_MEM_SLOTS = 509;
    private static final int STATUS_MASK = 0xff;
    private static final int STATUS_DEVICE_NEEDS_RESET = 64;
    private static final long VRING_INDEX_MASK = 0xff;
    private static final long NO_DESCRIPTOR = 0x100;

    private final VirtioDevice device;
    private final BackEndListener listener;
    private final List<Vring> vrings;
    private long features;
    private long protocolFeatures;
    private int status;
    private MemoryTable memory = MemoryTable.EMPTY;

    BackEnd(VirtioDevice device, BackEndListener listener, Reactor reactor, long pollWindowNs) {
        this.device = device;
        this.listener = listener;
        vrings = IntStream.range(0, device.queueCount())
                .mapToObj(index -> new Vring(index, this, reactor, pollWindowNs)).toList();
    }

    VirtioDevice device() {
        return device;
    }

    MemoryTable memory() {
        return memory;
    }

    long features() {
        return features;
    }

    long protocolFeatures() {
        return protocolFeatures;
    }

    RingFormat ringFormat() {
        return RingFormat.of(features);
    }

    boolean hasProtocolFeatures() {
        return (features & VhostUserFeature.PROTOCOL_FEATURES) != 0;
    }

    boolean hasReplyAck() {
        return (protocolFeatures & VhostUserFeature.REPLY_ACK) != 0;
    }

    boolean isRunning() {
        return vrings.stream().anyMatch(Vring::isRunning);
    }

    /** Uses what is available in a ring, and sends what waits for its buffers. */
    void run(int index) {
        vrings.get(index).run();
    }

    void onRingBroken(int index, String reason) {
        listener.onRingBroken(index, reason);
    }

    List<VringStatus> vrings() {
        return vrings.stream().map(Vring::status).toList();
    }

    /**
     * Acts on a request that has a reply, and answers the reply's payload, 8 bytes long.
     *
     * @throws ProtocolException if the request was refused
     */
    long answer(FrontEndRequest request, Message message) throws ProtocolException {
        return switch (request) {
            case GET_FEATURES -> device.features() | VhostUserFeature.PROTOCOL_FEATURES;
            case GET_PROTOCOL_FEATURES -> VhostUserFeature.OFFERED;
            case GET_QUEUE_NUM -> device.queueCount();
            case GET_MAX_MEM_SLOTS -> MAX_MEM_SLOTS;
            case GET_STATUS -> status | (anyBroken() ? STATUS_DEVICE_NEEDS_RESET : 0);
            case GET_VRING_BASE -> Message.vringState(message.index(), vring(message.index()).stop());
            default -> throw new AssertionError(request);
        };
    }

    /**
     * Acts on a request that has no reply of its own.
     *
     * @throws ProtocolException if the request was refused
     */
    void act(FrontEndRequest request, Message message) throws ProtocolException {
        switch (request) {
            case SET_OWNER -> {
            }
            case RESET_OWNER -> vrings.forEach(vring -> vring.setEnabled(false));
            case SET_FEATURES -> setFeatures(message.u64());
            case SET_PROTOCOL_FEATURES -> setProtocolFeatures(message.u64());
            case SET_MEM_TABLE -> setMemory(message);
            case ADD_MEM_REG -> addRegion(message);
            case REM_MEM_REG -> removeRegion(message);
            case SET_VRING_NUM -> vring(message.index()).setSize(message.num());
            case SET_VRING_BASE -> vring(message.index()).setBase(message.num());
            case SET_VRING_ADDR -> vring(message.index()).setAddresses(message.descriptorAddress(),
                    message.availableAddress(), message.usedAddress());
            case SET_VRING_KICK -> setKick(message);
            case SET_VRING_CALL -> eventFdVring(message).setCall(eventFd(message));
            case SET_VRING_ERR -> eventFdVring(message).setErr(eventFd(message));
            case SET_VRING_ENABLE -> setEnabled(message);
            case RESET_DEVICE -> reset();
            case SET_STATUS -> setStatus(message.u64());
            default -> throw new AssertionError(request);
        }
    }

    private void setFeatures(long wanted) throws ProtocolException {
        long unknown = wanted & ~(device.features() | VhostUserFeature.PROTOCOL_FEATURES);
        if (unknown != 0) {
            throw new ProtocolException("features %#x were not offered".formatted(unknown));
        }
        if (vrings.stream().noneMatch(Vring::isOpen)) {
            features = wanted;
            device.onFeatures(wanted);
        } else if (wanted != features) {
            throw new ProtocolException("features cannot change while a vring is running");
        }
    }

    private void setProtocolFeatures(long wanted) throws ProtocolException {
        long unknown = wanted & ~VhostUserFeature.OFFERED;
        if (unknown != 0) {
            throw new ProtocolException("protocol features %#x were not offered".formatted(unknown));
        }
        protocolFeatures = wanted;
    }

    private void setMemory(Message message) throws ProtocolException {
        int count = message.regionCount();
        if (count < 1 || count > Message.MAX_TABLE_REGIONS || message.payloadBytes() != Message.regionOffset(count)) {
            throw new ProtocolException("memory table of %s regions in %d bytes, expected 1 to %d regions"
                    .formatted(Integer.toUnsignedString(count), message.payloadBytes(), Message.MAX_TABLE_REGIONS));
        }
        requireDescriptors(message, count);
        List<MemoryRegion> regions = new ArrayList<>();
        MemoryTable next;
        try {
            for (int i = 0; i < count; i++) {
                regions.add(map(message, Message.regionOffset(i), message.descriptors().get(i)));
            }
            next = MemoryTable.of(regions);
        } catch (InvalidMemoryException | LinuxException e) {
            regions.forEach(MemoryRegion::close);
            throw new ProtocolException(e.getMessage());
        }
        replaceMemory(next);
    }

    private void addRegion(Message message) throws ProtocolException {
        requireDescriptors(message, 1);
        if (memory.regions().size() == MAX_MEM_SLOTS) {
            throw new ProtocolException("more than %d memory regions".formatted(MAX_MEM_SLOTS));
        }
        MemoryRegion added = null;
        MemoryTable next;
        try {
            added = map(message, Message.SINGLE_REGION_OFFSET, message.descriptors().getFirst());
            next = memory.with(added);
        } catch (InvalidMemoryException | LinuxException e) {
            if (added != null) {
                added.close();
            }
            throw new ProtocolException(e.getMessage());
        }
        replaceMemory(next);
    }

    private static MemoryRegion map(Message message, int at, Descriptor file) throws InvalidMemoryException {
        return MemoryRegion.map(message.guestAddress(at), message.userAddress(at), message.regionBytes(at),
                message.mmapOffset(at), file);
    }

    /** One descriptor may come with it, which is closed unused: front-ends that send one exist. */
    private void removeRegion(Message message) throws ProtocolException {
        if (message.descriptors().size() > 1) {
            requireDescriptors(message, 0);
        }
        int at = Message.SINGLE_REGION_OFFSET;
        MemoryRegion removed = memory
                .find(message.guestAddress(at), message.userAddress(at), message.regionBytes(at))
                .orElseThrow(() -> new ProtocolException("no memory region of %#x bytes at guest address %#x"
                        .formatted(message.regionBytes(at), message.guestAddress(at))));
        replaceMemory(memory.without(removed));
    }

    /** The rings move to the new memory before what only the old one has is unmapped. */
    private void replaceMemory(MemoryTable next) {
        MemoryTable previous = memory;
        memory = next;
        vrings.forEach(Vring::remap);
        previous.regions().stream().filter(region -> !next.regions().contains(region)).forEach(MemoryRegion::close);
    }

    private void setKick(Message message) throws ProtocolException {
        Vring vring = eventFdVring(message);
        if ((message.u64() & NO_DESCRIPTOR) != 0) {
            throw new ProtocolException("vring kicks without an eventfd are not supported");
        }
        vring.setKick(eventFd(message));
    }

    private Vring eventFdVring(Message message) throws ProtocolException {
        requireDescriptors(message, (message.u64() & NO_DESCRIPTOR) == 0 ? 1 : 0);
        return vring((int) (message.u64() & VRING_INDEX_MASK));
    }

    /** The eventfd that came with the message, or null if none came. */
    private static EventFd eventFd(Message message) throws ProtocolException {
        if (message.descriptors().isEmpty()) {
            return null;
        }
        try {
            EventFd eventFd = EventFd.adopt(message.descriptors().getFirst());
            message.takeDescriptor();
            return eventFd;
        } catch (IllegalArgumentException | LinuxException e) {
            throw new ProtocolException(e.getMessage());
        }
    }

    private void setEnabled(Message message) throws ProtocolException {
        int num = message.num();
        if (num != 0 && num != 1) {
            throw new ProtocolException("vring enable %s, expected 0 or 1".formatted(Integer.toUnsignedString(num)));
        }
        vring(message.index()).setEnabled(num == 1);
    }

    /**
     * Keeps the device status. Rings do not wait for DRIVER_OK: QEMU's vhost-user-rtc-pci says FEATURES_OK and never that
     * the driver is ready, but starts the rings only when it is.
     */
    private void setStatus(long wanted) throws ProtocolException {
        if ((wanted & ~STATUS_MASK) != 0) {
            throw new ProtocolException("device status %#x, expected at most 0xff".formatted(wanted));
        }
        if (wanted == 0) {
            reset();
            return;
        }
        status = (int) wanted;
    }

    /** Resets the device; the memory and the protocol features are the connection's and stay. */
    private void reset() {
        vrings.forEach(Vring::reset);
        features = 0;
        status = 0;
        device.onFeatures(0);
        device.onReset();
    }

    private Vring vring(int index) throws ProtocolException {
        if (index < 0 || index >= vrings.size()) {
            throw new ProtocolException("vring %s, expected below %d".formatted(Integer.toUnsignedString(index),
                    vrings.size()));
        }
        return vrings.get(index);
    }

    private boolean anyBroken() {
        return vrings.stream().anyMatch(Vring::isBroken);
    }

    static void requireDescriptors(Message message, int expected) throws ProtocolException {
        int count = message.descriptors().size();
        if (count != expected) {
            throw new ProtocolException("%d file descriptors, expected %d".formatted(count, expected));
        }
    }

    /** Gives back all that the front-end sent. */
    void close() {
        vrings.forEach(Vring::close);
        memory.regions().forEach(MemoryRegion::close);
        memory = MemoryTable.EMPTY;
        device.onFeatures(0);
        device.onReset();
    }
}
