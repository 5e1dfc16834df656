package io.clocktower.fuzz;

import io.clocktower.api.BodyFuzz;
import io.clocktower.handover.HandoverRecordFuzz;
import io.clocktower.handover.KeptConnectionFuzz;
import io.clocktower.hosted.DeviceStateFuzz;
import io.clocktower.kubevirt.DomainFuzz;
import io.clocktower.kubevirt.HookMessageFuzz;
import io.clocktower.kubevirt.VmiFuzz;
import io.clocktower.rtc.RequestFuzz;
import io.clocktower.state.StateFileFuzz;
import io.clocktower.virtqueue.PackedRingFuzz;
import io.clocktower.virtqueue.SplitRingFuzz;
import java.util.Locale;

/**
 * What is fuzzed. A target is a class with a method {@code fuzzerTestOneInput(byte[])}, which throws if it finds an error.
 */
enum FuzzTarget {

    // @formatter:off
    BODY(BodyFuzz.class, 2_000),
    DEVICE_STATE(DeviceStateFuzz.class, 5_000),
    DOMAIN(DomainFuzz.class, 5_000),
    HANDOVER_RECORD(HandoverRecordFuzz.class, 500),
    HOOK_MESSAGE(HookMessageFuzz.class, 20_000),
    KEPT_CONNECTION(KeptConnectionFuzz.class, 1_000),
    MESSAGE(MessageFuzz.class, 300),
    PACKED_RING(PackedRingFuzz.class, 5_000),
    REQUEST(RequestFuzz.class, 5_000),
    SPLIT_RING(SplitRingFuzz.class, 5_000),
    STATE_FILE(StateFileFuzz.class, 2_000),
    VMI(VmiFuzz.class, 5_000);
    // @formatter:on

    final Class<?> type;
    /** How many inputs are tried in a short run. */
    final int shortRun;

    FuzzTarget(Class<?> type, int shortRun) {
        this.type = type;
        this.shortRun = shortRun;
    }

    /** The directory of its inputs under {@code src/test/resources/fuzz}. */
    String directory() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
