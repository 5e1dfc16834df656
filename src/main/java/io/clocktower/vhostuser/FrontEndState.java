package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.memory.DirtyLog;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.virtqueue.RingFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;

/**
 * All that makes up a front-end's connection between two turns of its thread: another connection, in this process or in
 * another one, can {@linkplain Connection#resume go on} from it, and the front-end does not notice.
 *
 * <p>
 * There is no in-flight region: the device uses buffers in their order, so no buffer is in flight between two turns.
 *
 * @param socket the connection's
 * @param areFeaturesRefused whether the features that the driver wanted last were refused
 * @param status the device status
 * @param removed guest addresses whose regions were removed, the newest last
 * @param rings in the order of their indices
 * @param progress the page in which packed rings say how far they came; null without one
 */
public record FrontEndState(Descriptor socket, long features, long protocolFeatures, boolean areFeaturesRefused,
        int status, List<Region> regions, List<AddressRange> removed, List<Ring> rings, Received received,
        Log log, Descriptor progress) {

    /** A release before this one wrote no log. */
    public FrontEndState {
        Objects.requireNonNull(socket, "a connection without its socket");
        log = log == null ? Log.NONE : log;
    }

    /** A memory region, and the file that it is mapped from. */
    public record Region(MemoryRegion.Place place, Descriptor file) {

        public Region {
            Objects.requireNonNull(file, "a region without its file");
        }
    }

    /** Guest addresses that a region had. */
    public record AddressRange(long guestAddress, long sizeBytes) {

        boolean holds(long address) {
            return Long.compareUnsigned(address - guestAddress, sizeBytes) < 0;
        }
    }

    /**
     * User addresses of a ring's areas.
     *
     * @param log the guest address under which writes to the device area are logged; empty if the ring is not logged
     */
    public record Addresses(long descriptorArea, long driverArea, long deviceArea, OptionalLong log) {

        /** A release before this one wrote none. */
        public Addresses {
            log = log == null ? OptionalLong.empty() : log;
        }
    }

    /**
     * The dirty log.
     *
     * @param place null without a log, as its file is
     * @param event is signalled when the log was written to; null if the front-end has not sent it
     */
    public record Log(DirtyLog.Place place, Descriptor file, Descriptor event) {

        static final Log NONE = new Log(null, null, null);
    }

    /**
     * @param size in entries, 0 before it is set
     * @param base where it goes on, in the format of SET_VRING_BASE; empty before it is set, or if guest memory has it
     * @param isStarted whether there was a kick
     * @param isOpen whether it was in use since it was started
     * @param wasStopped whether GET_VRING_BASE stopped it, and it is not set up again
     * @param isNotificationOwed whether buffers were used of which the driver was not notified
     * @param kick null if the front-end has not sent it; call and err alike
     */
    public record Ring(int size, OptionalInt base, Optional<Addresses> addresses, boolean isEnabled, boolean isStarted,
            boolean isOpen, boolean isBroken, boolean wasStopped, boolean isNotificationOwed, Descriptor kick,
            Descriptor call, Descriptor err) {

        /** It looks once without a kick: a process may end after it took one, and before it acted on it. */
        private Ring withoutProgress(boolean isPacked, boolean isLost) {
            return new Ring(size, isPacked && !isOpen ? base : OptionalInt.empty(), addresses, isEnabled, true,
                    isOpen, isBroken || isLost, wasStopped, true, kick, call, err);
        }

        private Ring with(UnaryOperator<Descriptor> others) {
            return new Ring(size, base, addresses, isEnabled, isStarted, isOpen, isBroken, wasStopped,
                    isNotificationOwed, orNull(others, kick), orNull(others, call), orNull(others, err));
        }

        /**
         * The ring as it goes on after its process was killed.
         *
         * @param found its base; empty if that is not known
         * @param wasOpen whether it was in use, maybe since this state was kept
         */
        Ring recovered(OptionalInt found, boolean wasOpen) {
            return new Ring(size, found, addresses, isEnabled, isStarted, isOpen || wasOpen,
                    isBroken || found.isEmpty(), wasStopped, isNotificationOwed, kick, call, err);
        }
    }

    /** What has come of a message that is not complete. */
    public record Received(List<Byte> bytes, List<Descriptor> descriptors) {}

    /** All descriptors, of which a file that several regions share comes once for each. */
    public List<Descriptor> descriptors() {
        List<Descriptor> all = new ArrayList<>();
        all.add(socket);
        regions.forEach(region -> all.add(region.file()));
        for (Ring ring : rings) {
            all.add(ring.kick());
            all.add(ring.call());
            all.add(ring.err());
        }
        all.addAll(received.descriptors());
        all.add(log.file());
        all.add(log.event());
        all.add(progress);
        all.removeIf(Objects::isNull);
        return all;
    }

    /**
     * The same without what each request changes. A ring's base is empty then. A split ring's used index has it, as buffers are used
     * in their order; a packed ring's is in its progress, without which it is broken until it is reset.
     */
    FrontEndState withoutProgress() {
        boolean isPacked = RingFormat.of(features) == RingFormat.PACKED;
        return new FrontEndState(socket, features, protocolFeatures, areFeaturesRefused, status, regions, removed,
                rings.stream().map(ring -> ring.kick == null
                        ? ring
                        : ring.withoutProgress(isPacked, isPacked && progress == null)).toList(),
                received, log, progress);
    }

    /** Closes all descriptors that no connection took. */
    public void close() {
        descriptors().forEach(Descriptor::close);
    }

    /**
     * The same with descriptors of its own, which are the caller's.
     *
     * @throws io.clocktower.linux.LinuxException if this process cannot have so many more; it has none of them then
     */
    public FrontEndState duplicate() {
        List<Descriptor> duplicates = new ArrayList<>();
        boolean isWhole = false;
        try {
            FrontEndState state = with(descriptor -> {
                Descriptor duplicate = descriptor.duplicate();
                duplicates.add(duplicate);
                return duplicate;
            });
            isWhole = true;
            return state;
        } finally {
            if (!isWhole) {
                duplicates.forEach(Descriptor::close);
            }
        }
    }

    private FrontEndState with(UnaryOperator<Descriptor> others) {
        return new FrontEndState(others.apply(socket), features, protocolFeatures, areFeaturesRefused, status,
                regions.stream().map(region -> new Region(region.place(), others.apply(region.file()))).toList(),
                removed, rings.stream().map(ring -> ring.with(others)).toList(),
                new Received(received.bytes(), received.descriptors().stream().map(others).toList()),
                new Log(log.place, orNull(others, log.file), orNull(others, log.event)),
                orNull(others, progress));
    }

    private static Descriptor orNull(UnaryOperator<Descriptor> others, Descriptor descriptor) {
        return descriptor == null ? null : others.apply(descriptor);
    }
}
