package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.memory.MemoryLimits;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import io.clocktower.vhostuser.FrontEndState.AddressRange;
import io.clocktower.virtqueue.RingFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What one front-end has negotiated and shared: features, protocol features and guest memory. {@link BackEnd} changes
 * it; the vrings read it.
 */
final class Session {

    private long features;
    private long protocolFeatures;
    private MemoryTable memory = MemoryTable.EMPTY;
    private ProgressPage progress;
    private final ArrayDeque<AddressRange> removed = new ArrayDeque<>();

    /** The negotiated feature bits, vhost-user's own included. */
    long features() {
        return features;
    }

    void setFeatures(long features) {
        this.features = features;
        keepProgress();
    }

    private void keepProgress() {
        if (ringFormat() == RingFormat.PACKED && progress == null) {
            try {
                progress = ProgressPage.create();
            } catch (IOException e) {
                // The rings are served; if the process is killed, they are broken until they are reset.
                progress = null;
            }
        }
    }

    /** Where a packed ring says how far it came; empty without one. */
    Optional<MemorySegment> progress(int ring) {
        return Optional.ofNullable(progress).map(page -> page.of(ring));
    }

    /** The descriptor of all that; null without one. It stays the session's. */
    Descriptor progress() {
        return progress == null ? null : progress.descriptor();
    }

    /** Forgets the memory, whose regions the caller closes, and closes the progress. */
    void close() {
        setMemory(MemoryTable.EMPTY);
        if (progress != null) {
            progress.close();
            progress = null;
        }
    }

    long protocolFeatures() {
        return protocolFeatures;
    }

    void setProtocolFeatures(long protocolFeatures) {
        this.protocolFeatures = protocolFeatures;
    }

    MemoryTable memory() {
        return memory;
    }

    /**
     * Replaces the memory. Of the regions that this removes it remembers the newest, as many as a table can have.
     *
     * @return the regions that are removed, which the caller closes
     */
    List<MemoryRegion> setMemory(MemoryTable next) {
        Set<MemoryRegion> gone = Collections.newSetFromMap(new IdentityHashMap<>());
        gone.addAll(memory.regions());
        next.regions().forEach(gone::remove);
        for (MemoryRegion region : gone) {
            removed.addLast(new AddressRange(region.guestAddress(), region.sizeBytes()));
        }
        while (removed.size() > MemoryLimits.MAX_SLOTS) {
            removed.removeFirst();
        }
        memory = next;
        return List.copyOf(gone);
    }

    /** Whether the front-end has removed the memory at this address, and may add it again. */
    boolean wasRemoved(long guestAddress) {
        return removed.stream().anyMatch(range -> range.holds(guestAddress));
    }

    List<AddressRange> removed() {
        return List.copyOf(removed);
    }

    /** Goes on with what an earlier connection of the same front-end had. */
    void restore(FrontEndState state, MemoryTable table) throws ProtocolException {
        features = state.features();
        protocolFeatures = state.protocolFeatures();
        memory = table;
        removed.addAll(state.removed());
        if (state.progress() != null) {
            progress = ProgressPage.adopt(state.progress());
        }
        // A release before this one kept none.
        keepProgress();
    }

    RingFormat ringFormat() {
        return RingFormat.of(features);
    }

    boolean hasProtocolFeatures() {
        return (features & VhostUserFeature.PROTOCOL_FEATURES) != 0;
    }

    /** "Using this function requires prior negotiation" of a protocol feature. */
    void require(long protocolFeature, String name) throws ProtocolException {
        if ((protocolFeatures & protocolFeature) == 0) {
            throw new ProtocolException("protocol feature %s was not negotiated".formatted(name));
        }
    }

    /** Whether the front-end has writes logged. */
    boolean isLogged() {
        return (features & VhostUserFeature.LOG_ALL) != 0;
    }

    boolean hasReplyAck() {
        return (protocolFeatures & VhostUserFeature.REPLY_ACK) != 0;
    }
}
