package io.clocktower.hosted;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.ServedClock;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.rtc.RtcDevice;
import io.clocktower.vhostuser.ProtocolException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes what a guest has set out of a device, and puts it into another one of the same kind. What operators have set (the
 * specification, faults, labels) and what is counted stays where it is. The device's loop owns it.
 */
final class Migration {

    private final RtcDevice rtc;
    private final DeviceClocks clocks;
    private final HostClock host;

    /**
     * @param clocks those that {@code rtc} serves
     */
    Migration(RtcDevice rtc, DeviceClocks clocks, HostClock host) {
        this.rtc = rtc;
        this.clocks = clocks;
        this.host = host;
    }

    byte[] save() {
        Map<Integer, AlarmStatus> alarms = alarms();
        List<GuestState.OfClock> saved = new ArrayList<>();
        for (int id = 0; id < clocks.served().size(); id++) {
            ServedClock clock = clocks.served().get(id);
            saved.add(GuestState.OfClock.of(clock.spec(), alarms.get(id), shownNs(clock)));
        }
        return new GuestState(saved).encode();
    }

    /** What a monotonic clock has shown to its guest, now included; 0 for others. */
    private long shownNs(ServedClock clock) {
        if (clock.spec().type() != ClockType.MONOTONIC) {
            return 0;
        }
        clock.readNs(host);
        return clock.monotonicNs();
    }

    private Map<Integer, AlarmStatus> alarms() {
        Map<Integer, AlarmStatus> alarms = new HashMap<>();
        rtc.alarms().forEach(alarm -> alarms.put(alarm.clockId(), alarm));
        return alarms;
    }

    /**
     * @throws ProtocolException if it is not a state, or one of a device with other clocks
     */
    void load(byte[] bytes) throws ProtocolException {
        GuestState state = GuestState.decode(bytes);
        requireSameClocks(state);
        Map<Integer, AlarmStatus> before = alarms();
        List<AlarmStatus> alarms = new ArrayList<>();
        for (int id = 0; id < state.clocks().size(); id++) {
            if (before.containsKey(id)) {
                alarms.add(state.clocks().get(id).alarm(before.get(id)));
            }
            if (clocks.served().get(id).spec().type() == ClockType.MONOTONIC) {
                clocks.hold(id, state.clocks().get(id).shownNs());
            }
        }
        rtc.restore(alarms);
    }

    /** The guest's driver does not ask again what clocks there are. */
    private void requireSameClocks(GuestState state) throws ProtocolException {
        int count = clocks.served().size();
        if (state.clocks().size() != count) {
            throw new ProtocolException(
                    "the state is of a device with %d clocks, this one has %d".formatted(state.clocks().size(), count));
        }
        for (int id = 0; id < count; id++) {
            ClockSpec spec = clocks.served().get(id).spec();
            if (!state.clocks().get(id).isOf(spec)) {
                throw new ProtocolException(
                        "clock %d of the state is not the same as this device's: %s, smearing %s, %s"
                                .formatted(id, spec.type(), spec.smearing(),
                                        spec.alarm() ? "with alarm" : "without alarm"));
            }
        }
    }
}
