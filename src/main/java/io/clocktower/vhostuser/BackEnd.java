package io.clocktower.vhostuser;

import io.clocktower.linux.Closing;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.EventSignals;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.Reactor;
import io.clocktower.memory.MemoryLimits;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryShare;
import io.clocktower.memory.MemoryTable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * What one front-end has negotiated and set up: features, device status, memory and vrings. It handles the front-end's
 * requests one by one. A request that it rejects has changed nothing.
 */
final class BackEnd {

    private static final int STATUS_MASK = 0xff;
    private static final int STATUS_FEATURES_OK = 8;
    private static final int STATUS_DEVICE_NEEDS_RESET = 64;
    private static final long VRING_INDEX_MASK = 0xff;
    private static final long NO_DESCRIPTOR = 0x100;

    private final VirtioDevice device;
    private final List<Vring> vrings;
    private final Session session = new Session();
    private boolean areFeaturesRefused;
    private final GuestMemory guestMemory;
    private final EventSignals signals;
    private final StateTransfer transfer;
    private final WriteLogging logging;
    private int status;

    /**
     * The reply to a request.
     *
     * @param passed goes with the payload, and is closed then; null in most replies
     */
    record Answer(long payload, Descriptor passed) {

        private static Answer of(long payload) {
            return new Answer(payload, null);
        }
    }

    /**
     * @param onFailure ends the connection, for the reason that it is given
     */
    BackEnd(VirtioDevice device, BackEndListener listener, Reactor reactor, MemoryShare memory, long pollWindowNs,
            Consumer<String> onFailure) {
        this.device = device;
        guestMemory = new GuestMemory(memory);
        signals = reactor.signals();
        vrings = IntStream.range(0, device.queueCount())
                .mapToObj(index -> new Vring(index, session, device, listener, reactor, pollWindowNs)).toList();
        logging = new WriteLogging(session, memory.log(), reactor, onFailure);
        transfer = new StateTransfer(session, device, listener, reactor, this::isSuspended);
    }

    Session session() {
        return session;
    }

    boolean isRunning() {
        return vrings.stream().anyMatch(Vring::isRunning);
    }

    /** Uses what is available in a ring, for instance to send notifications that wait for a buffer. */
    void run(int index) {
        vrings.get(index).run();
    }

    List<VringStatus> vrings() {
        return vrings.stream().map(Vring::status).toList();
    }

    /** Whether all rings are stopped. "Suspended device state". */
    private boolean isSuspended() {
        return vrings.stream().noneMatch(vring -> vring.isOpen() || vring.status().isStarted());
    }

    /**
     * Handles a request that has a reply, and returns the reply.
     *
     * @throws ProtocolException if the request is rejected
     */
    Answer answer(FrontEndRequest request, Message message) throws ProtocolException {
        return switch (request) {
            case SET_DEVICE_STATE_FD -> transfer.begin(message);
            case CHECK_DEVICE_STATE -> Answer.of(transfer.check());
            case SET_LOG_BASE -> Answer.of(logging.set(message));
            default -> Answer.of(number(request, message));
        };
    }

    private void setLogEvent(Message message) throws ProtocolException {
        message.requireDescriptors(1);
        logging.setEvent(eventFd(message));
    }

    private long number(FrontEndRequest request, Message message) throws ProtocolException {
        return switch (request) {
            case GET_FEATURES -> device.features() | VhostUserFeature.OWN;
            case GET_PROTOCOL_FEATURES -> VhostUserFeature.OFFERED;
            case GET_QUEUE_NUM -> device.queueCount();
            case GET_MAX_MEM_SLOTS -> MemoryLimits.MAX_SLOTS;
            case GET_STATUS -> status | (anyBroken() ? STATUS_DEVICE_NEEDS_RESET : 0);
            case GET_VRING_BASE -> Message.vringState(message.index(), vring(message.index()).stop());
            default -> throw new AssertionError(request);
        };
    }

    /**
     * Handles a request that has no reply of its own.
     *
     * @throws ProtocolException if the request is rejected
     */
    void act(FrontEndRequest request, Message message) throws ProtocolException {
        switch (request) {
            case SET_OWNER -> {
            }
            case RESET_OWNER -> vrings.forEach(vring -> vring.setEnabled(false));
            case SET_FEATURES -> setFeatures(message.u64());
            case SET_PROTOCOL_FEATURES -> setProtocolFeatures(message.u64());
            case SET_MEM_TABLE -> replaceMemory(guestMemory.set(message));
            case ADD_MEM_REG -> replaceMemory(guestMemory.add(message, session.memory()));
            case REM_MEM_REG -> replaceMemory(GuestMemory.remove(message, session.memory()));
            case SET_VRING_NUM -> vring(message.index()).setSize(message.num());
            case SET_VRING_BASE -> setBase(message);
            case SET_LOG_FD -> setLogEvent(message);
            case SET_VRING_ADDR -> vring(message.index()).setAddresses(message.addresses());
            case SET_VRING_KICK -> setKick(message);
            case SET_VRING_CALL -> eventFdVring(message).events().call().set(eventFd(message));
            case SET_VRING_ERR -> eventFdVring(message).events().err().set(eventFd(message));
            case SET_VRING_ENABLE -> setEnabled(message);
            case RESET_DEVICE -> reset();
            case SET_STATUS -> setStatus(message.u64());
            default -> throw new AssertionError(request);
        }
    }

    private void setFeatures(long wanted) throws ProtocolException {
        long unknown = wanted & ~(device.features() | VhostUserFeature.OWN);
        areFeaturesRefused = true;
        if (unknown != 0) {
            throw new ProtocolException("features %#x were not offered".formatted(unknown));
        }
        if (vrings.stream().noneMatch(Vring::isOpen)) {
            session.setFeatures(wanted);
            device.onFeatures(wanted);
        } else if (((wanted ^ session.features()) & ~VhostUserFeature.LOG_ALL) != 0) {
            throw new ProtocolException("features cannot change while a vring is running");
        } else {
            session.setFeatures(wanted);
        }
        logging.onFeatures();
        areFeaturesRefused = false;
    }

    private void setProtocolFeatures(long wanted) throws ProtocolException {
        long unknown = wanted & ~VhostUserFeature.OFFERED;
        if (unknown != 0) {
            throw new ProtocolException("protocol features %#x were not offered".formatted(unknown));
        }
        session.setProtocolFeatures(wanted);
    }

    /** The rings move to the new memory before what only the old one has is unmapped. */
    private void replaceMemory(MemoryTable next) {
        List<MemoryRegion> removed = session.setMemory(next);
        vrings.forEach(Vring::remap);
        removed.forEach(MemoryRegion::close);
    }

    /** A reset of the device shows in the base of each ring, and counts once. */
    private void setBase(Message message) throws ProtocolException {
        if (vring(message.index()).setBase(message.num())) {
            device.onReset();
            vrings.forEach(Vring::onDeviceReset);
        }
    }

    /**
     * Takes a kick eventfd. A ring without one would have to be polled, which keeps the event loop awake for all of its
     * devices or makes each request wait for the next look. No front-end is known to ask for that, so it is refused.
     */
    private void setKick(Message message) throws ProtocolException {
        Vring vring = eventFdVring(message);
        if ((message.u64() & NO_DESCRIPTOR) != 0) {
            throw new ProtocolException("no kick eventfd: polling a vring is not supported");
        }
        vring.setKick(eventFd(message));
    }

    private Vring eventFdVring(Message message) throws ProtocolException {
        message.requireDescriptors((message.u64() & NO_DESCRIPTOR) == 0 ? 1 : 0);
        return vring((int) (message.u64() & VRING_INDEX_MASK));
    }

    /** The eventfd of the message, or null if the message has none. */
    private EventFd eventFd(Message message) throws ProtocolException {
        if (message.descriptors().isEmpty()) {
            return null;
        }
        try {
            EventFd eventFd = EventFd.adopt(message.descriptors().getFirst(), signals);
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
     * Stores the device status. Rings do not wait for DRIVER_OK: QEMU's vhost-user-rtc-pci never sets it, but starts the
     * rings only when the driver is ready.
     */
    private void setStatus(long wanted) throws ProtocolException {
        if ((wanted & ~STATUS_MASK) != 0) {
            throw new ProtocolException("device status %#x, expected at most 0xff".formatted(wanted));
        }
        if (wanted == 0) {
            reset();
            return;
        }
        // "Otherwise, it MUST fail to set the FEATURES_OK device status bit." VIRTIO 1.4, "Feature Bits".
        status = (int) wanted & (areFeaturesRefused ? ~STATUS_FEATURES_OK : STATUS_MASK);
    }

    /** Resets the device. The memory and the protocol features belong to the connection and stay. */
    private void reset() {
        vrings.forEach(Vring::reset);
        session.setFeatures(0);
        logging.onFeatures();
        areFeaturesRefused = false;
        status = 0;
        device.onFeatures(0);
        device.onReset();
    }

    private Vring vring(int index) throws ProtocolException {
        if (index < 0 || index >= vrings.size()) {
            throw new ProtocolException(
                    "vring %s, but the device has %d: does the VMM give it another number of queues (num_vqs=2)?"
                            .formatted(Integer.toUnsignedString(index), vrings.size()));
        }
        return vrings.get(index);
    }

    private boolean anyBroken() {
        return vrings.stream().map(Vring::status).anyMatch(VringStatus::isBroken);
    }

    /** Does nothing more until {@link #proceed}. */
    void pause() {
        transfer.abandon();
        logging.pause();
        vrings.forEach(Vring::pause);
    }

    void proceed() {
        logging.proceed();
        vrings.forEach(Vring::proceed);
    }

    /** What the front-end has set up, of a back-end that is paused. Descriptors stay the back-end's. */
    FrontEndState state(Descriptor socket, FrontEndState.Received received) {
        return new FrontEndState(socket, session.features(), session.protocolFeatures(), areFeaturesRefused, status,
                session.memory().regions().stream()
                        .map(region -> new FrontEndState.Region(region.place(), region.file())).toList(),
                session.removed(), vrings.stream().map(Vring::state).toList(), received, logging.state(),
                session.progress());
    }

    /**
     * Takes over a state, and is paused.
     *
     * @throws ProtocolException if its memory cannot be mapped, or the state is not that of this kind of device
     */
    void restore(FrontEndState state) throws ProtocolException {
        if (state.rings().size() != vrings.size()) {
            throw new ProtocolException("%d vrings, but the device has %d".formatted(state.rings().size(),
                    vrings.size()));
        }
        logging.pause();
        session.restore(state, guestMemory.restore(state.regions()));
        logging.restore(state.log());
        areFeaturesRefused = state.areFeaturesRefused();
        status = state.status();
        for (int i = 0; i < vrings.size(); i++) {
            restore(i, state.rings().get(i));
        }
    }

    /** A driver may wait for buffers that a process used which was killed before it notified the driver. */
    private void restore(int index, FrontEndState.Ring state) throws ProtocolException {
        RingSetup.check(index, state, session.ringFormat());
        FrontEndState.Ring recovered = RingRecovery.of(index, state, session);
        vrings.get(index).restore(recovered);
        if (recovered != state) {
            vrings.get(index).events().call().signal();
        }
    }

    /** Tells the device what the driver had negotiated before. */
    void announce() {
        if (session.features() != 0) {
            device.onFeatures(session.features());
        }
    }

    /** Lets go of a front-end that goes on elsewhere. Neither it, its guest nor the device notices. */
    void abandon() {
        List<Closing.Step> steps = new ArrayList<>();
        steps.add(transfer::abandon);
        vrings.forEach(vring -> steps.add(vring::abandon));
        steps.add(logging::close);
        session.memory().regions().forEach(region -> steps.add(region::close));
        steps.add(session::close);
        Closing.all(steps.toArray(Closing.Step[]::new));
    }

    /** Releases everything that the front-end sent. */
    void close() {
        List<Closing.Step> steps = new ArrayList<>();
        steps.add(transfer::abandon);
        vrings.forEach(vring -> steps.add(vring::close));
        steps.add(logging::close);
        session.memory().regions().forEach(region -> steps.add(region::close));
        steps.add(session::close);
        steps.add(() -> device.onFeatures(0));
        steps.add(device::onReset);
        Closing.all(steps.toArray(Closing.Step[]::new));
    }
}
