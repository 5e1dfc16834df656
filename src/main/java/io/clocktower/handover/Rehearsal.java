package io.clocktower.handover;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.DeviceHost;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.state.DeviceRecord;
import io.clocktower.status.DeviceCounters;
import io.clocktower.vhostuser.FrontEndState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Writes and reads a made-up record before guests have to wait for a real one: the first time takes much longer. */
final class Rehearsal {

    private static final int TIMES = 10;

    private Rehearsal() {}

    static void run(DeviceHost devices, LeapSeconds leapSeconds) throws IOException {
        for (int i = 0; i < TIMES; i++) {
            DeviceSnapshot made = made(devices.now(), leapSeconds);
            List<Descriptor> copies = new ArrayList<>();
            try {
                HandoverJson.Written written = HandoverJson.write("", List.of(made), devices.events().kept(), Map.of());
                written.descriptors().forEach(descriptor -> copies.add(descriptor.duplicate()));
                HandoverRecord read = HandoverJson.read(written.json(), copies);
                HandoverJson.snapshot(read.devices().getFirst(), leapSeconds).close();
            } finally {
                made.close();
            }
        }
    }

    private static DeviceSnapshot made(HostInstant now, LeapSeconds leapSeconds) {
        var spec = new DeviceSpec("rehearsal", Path.of("/rehearsal"), ClockSpec.DEFAULTS, Optional.empty(),
                DeviceSpec.POLL_WINDOW, Map.of());
        var counts = new DeviceCounters.Counts(List.of(1L), List.of(1L), List.of(1L), List.of(1L), List.of(1L),
                List.of(1L),
                List.of(1L), List.of(1L));
        var ring = new FrontEndState.Ring(1, OptionalInt.of(0), Optional.of(new FrontEndState.Addresses(0, 0, 0)), true,
                true, true, false, false, false, file(), file(), null);
        var frontEnd = new FrontEndState(file(), 0, 0, false, 0,
                List.of(new FrontEndState.Region(new MemoryRegion.Place(0, 0, 1, 0), file())),
                List.of(new FrontEndState.AddressRange(0, 1)), List.of(ring),
                new FrontEndState.Received(List.of((byte) 1), List.of()));
        return new DeviceSnapshot(DeviceRecord.create(spec, true, leapSeconds, now), counts,
                Map.of("f1", new DeviceSnapshot.Begun(0, List.of(1L))), Optional.empty(),
                new DeviceSnapshot.Socket(file(), true), Optional.of(frontEnd));
    }

    private static Descriptor file() {
        return EventFd.create().descriptor();
    }
}
