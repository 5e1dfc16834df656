package io.clocktower.hosted;

import io.clocktower.counter.CounterLookup;
import io.clocktower.linux.Descriptor;
import io.clocktower.state.DeviceRecord;
import io.clocktower.status.DeviceCounters;
import io.clocktower.vhostuser.FrontEndState;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All of a device between two turns of its loop. Another process, or another host of devices in this one, goes on from it.
 *
 * @param record with the faults as they are kept
 * @param begun by the id of each fault that acts
 * @param counter how the guest's cycle counter follows the host's, if that is known
 * @param frontEnd the one that is connected
 */
public record DeviceSnapshot(DeviceRecord record, DeviceCounters.Counts counts, Map<String, Begun> begun,
        Optional<CounterLookup.Known> counter, Socket socket, Optional<FrontEndState> frontEnd) {

    /**
     * When a fault began, and what had been read of each clock then.
     *
     * @param startNs on CLOCK_BOOTTIME
     */
    public record Begun(long startNs, List<Long> reads) {}

    /**
     * Where it listens.
     *
     * @param listening null of a device that connects
     * @param isInPlace whether the file is the socket's
     * @param isManaged whether the file belongs to who passed the socket to the first process, and is never deleted; null is
     *     false, as earlier releases do not write it
     */
    public record Socket(Descriptor listening, boolean isInPlace, Boolean isManaged) {

        private Socket duplicate() {
            return new Socket(listening == null ? null : listening.duplicate(), isInPlace, isManaged);
        }

        private void close() {
            if (listening != null) {
                listening.close();
            }
        }
    }

    public String name() {
        return record.spec().name();
    }

    /** The same with descriptors of its own, which are the caller's. */
    public DeviceSnapshot duplicate() {
        return new DeviceSnapshot(record, counts, begun, counter,
                socket.duplicate(),
                frontEnd.map(FrontEndState::duplicate));
    }

    /** Closes all descriptors that nothing took. */
    public void close() {
        socket.close();
        frontEnd.ifPresent(FrontEndState::close);
    }

    public DeviceSnapshot with(DeviceRecord other) {
        return new DeviceSnapshot(other, counts, begun, counter, socket, frontEnd);
    }
}
