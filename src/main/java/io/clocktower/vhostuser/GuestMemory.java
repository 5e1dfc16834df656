package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import io.clocktower.memory.InvalidMemoryException;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryShare;
import io.clocktower.memory.MemoryTable;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes memory tables of the requests SET_MEM_TABLE, ADD_MEM_REG and REM_MEM_REG. A table is mapped and checked aside; a
 * request that is refused leaves nothing mapped.
 */
final class GuestMemory {

    private final MemoryShare share;

    GuestMemory(MemoryShare share) {
        this.share = share;
    }

    /** The table of a SET_MEM_TABLE. */
    MemoryTable set(Message message) throws ProtocolException {
        int count = message.regionCount();
        if (count < 1 || count > Message.MAX_TABLE_REGIONS || message.payloadBytes() != Message.regionOffset(count)) {
            throw new ProtocolException("memory table of %s regions in %d bytes, expected 1 to %d regions"
                    .formatted(Integer.toUnsignedString(count), message.payloadBytes(), Message.MAX_TABLE_REGIONS));
        }
        message.requireDescriptors(count);
        return map(message, count, Message.regionOffset(0), MemoryTable.EMPTY);
    }

    /** The table before with the region of an ADD_MEM_REG. */
    MemoryTable add(Message message, MemoryTable before) throws ProtocolException {
        message.requireDescriptors(1);
        return map(message, 1, Message.SINGLE_REGION_OFFSET, before);
    }

    private MemoryTable map(Message message, int count, int offset, MemoryTable before)
            throws ProtocolException {
        List<MemoryRegion> regions = new ArrayList<>(before.regions());
        int kept = regions.size();
        try {
            for (int i = 0; i < count; i++) {
                Descriptor file = message.descriptors().get(i);
                regions.add(share.map(message.region(offset + i * Message.REGION_BYTES), regions, file));
            }
            MemoryTable table = kept == 0 ? share.table(regions) : before.with(regions.getLast());
            message.closeMapped();
            return table;
        } catch (InvalidMemoryException | LinuxException e) {
            regions.subList(kept, regions.size()).forEach(MemoryRegion::close);
            throw new ProtocolException(e.getMessage());
        }
    }

    /** The table of a front-end that another connection served. Its files become the regions', or are closed. */
    MemoryTable restore(List<FrontEndState.Region> before) throws ProtocolException {
        List<MemoryRegion> regions = new ArrayList<>();
        boolean isComplete = false;
        try {
            for (FrontEndState.Region region : before) {
                regions.add(share.restore(region.place(), regions, region.file()));
                region.file().close();
            }
            MemoryTable table = share.table(regions);
            isComplete = true;
            return table;
        } catch (InvalidMemoryException | LinuxException e) {
            throw new ProtocolException(e.getMessage());
        } finally {
            if (!isComplete) {
                regions.forEach(MemoryRegion::close);
            }
        }
    }

    /**
     * The table before without the region of a REM_MEM_REG. One descriptor may come with the request, which is closed
     * unused: some front-ends send one.
     */
    static MemoryTable remove(Message message, MemoryTable before) throws ProtocolException {
        if (message.descriptors().size() > 1) {
            message.requireDescriptors(0);
        }
        MemoryRegion.Place place = message.region(Message.SINGLE_REGION_OFFSET);
        return before.without(before.find(place.guestAddress(), place.userAddress(), place.sizeBytes())
                .orElseThrow(() -> new ProtocolException("no memory region of %#x bytes at guest address %#x"
                        .formatted(place.sizeBytes(), place.guestAddress()))));
    }
}
