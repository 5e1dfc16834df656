package io.clocktower.status;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.CounterMapping;
import io.clocktower.fault.ClockReading;
import io.clocktower.fault.Fault;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.vhostuser.BackEndStatus;
import io.clocktower.vhostuser.Peer;
import io.clocktower.vhostuser.VringStatus;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A device at one time. All readings of one status are of one instant.
 *
 * @param isConfigured whether the configuration asks for it; the others were made over REST
 * @param reason why it is in a failed state, could not connect, or loses its connection when the service restarts
 * @param obstacle what keeps a guest that is connected from reading clocks
 * @param frontEnd the one that is connected
 * @param faults in the order in which they are composed
 * @param counter how the guest's cycle counter follows the host's, if it is known
 * @param counterReason where that comes from, or why it is not known
 * @param requests how many ended how, by type and status; those that never happened are left out
 * @param connectionsAccepted since the service started, as are all counts
 * @param connectionsRefused of front-ends that came while another was connected
 * @param protocolErrors messages refused
 * @param ringErrors rings broken
 */
public record DeviceStatus(DeviceSpec spec, boolean isConfigured, DeviceVersion version, DeviceState state,
        Optional<String> reason, Optional<Obstacle> obstacle, Optional<FrontEnd> frontEnd, List<Clock> clocks,
        List<FaultEffect> faults,
        Optional<CounterMapping> counter,
        String counterReason, List<RequestCount> requests, long connectionsAccepted, long connectionsRefused,
        long protocolErrors, long ringErrors) {

    /** Why the guest of a front-end that is connected can read no clock. */
    public enum Obstacle {
        /** Its driver has not made a request since the front-end connected. */
        REQUESTQ_NOT_STARTED,
        /** Its driver broke the rules of the requestq, which serves it again after a reset. */
        REQUESTQ_BROKEN,
        /** The VM is paused or suspended, or its driver was unloaded. */
        RINGS_STOPPED
    }

    /**
     * @param pid the process that connected, as this host numbers it
     * @param features the negotiated feature bits
     * @param protocolFeatures the negotiated vhost-user protocol feature bits
     */
    public record FrontEnd(long pid, long uid, long gid, long features, long protocolFeatures, int memoryRegions,
            List<Ring> rings) {

        public static FrontEnd of(BackEndStatus backEnd) {
            Peer peer = backEnd.peer();
            return new FrontEnd(peer.pid(), peer.uid(), peer.gid(), backEnd.features(), backEnd.protocolFeatures(),
                    backEnd.memoryRegions(), backEnd.vrings().stream().map(Ring::of).toList());
        }
    }

    /**
     * @param size in entries; 0 before the front-end sets it
     * @param base how far the device has come in it
     */
    public record Ring(int index, int size, int base, boolean started, boolean enabled, boolean broken) {

        private static Ring of(VringStatus vring) {
            return new Ring(vring.index(), vring.size(), vring.base(), vring.isStarted(), vring.isEnabled(),
                    vring.isBroken());
        }
    }

    /**
     * @param faults the ids of those that act on it
     * @param readsSinceFault how often the guest read it since the latest of them began
     * @param reads how often the guest read it
     * @param lastReadNs when the guest last read it, in nanoseconds since 1970-01-01 00:00 UTC
     * @param readsLastMinute how often the guest read it in the minute before
     * @param lastReadAgeNs how long ago the guest last read it
     * @param alarm if it has one
     */
    public record Clock(ClockSpec spec, ClockReading reading, List<String> faults, Optional<Long> readsSinceFault,
            long reads, OptionalLong lastReadNs, long readsLastMinute, OptionalLong lastReadAgeNs,
            Optional<Alarm> alarm) {

        public int id() {
            return reading.clockId();
        }
    }

    /**
     * A fault, and what has been seen of it.
     *
     * @param clocks the ids of those it is for
     * @param reads how often the guest read them since it began
     * @param isEnded whether its time is over; it is about to go
     * @param failure why it could not begin when it was due; empty for most
     */
    public record FaultEffect(Fault fault, List<Integer> clocks, long reads, boolean isEnded,
            Optional<String> failure) {}

    /**
     * @param timeNs when it is due on its clock, unsigned
     * @param isReached whether its clock has come to that time
     * @param isWaiting whether an expiration waits for a buffer or for a driver
     * @param expirations how often it expired
     * @param notifications how many expirations the guest was notified of
     * @param forced how often an operator had it expire; not among the expirations
     */
    public record Alarm(long timeNs, boolean isEnabled, boolean isReached, boolean isWaiting, long expirations,
            long notifications, long forced) {

        public static Alarm of(AlarmStatus alarm) {
            return new Alarm(alarm.timeNs(), alarm.isEnabled(), alarm.isReached(), alarm.isWaiting(),
                    alarm.expirations(), alarm.notifications(), alarm.forced());
        }
    }

    public record RequestCount(String type, String status, long count) {}

    public String name() {
        return spec.name();
    }
}
