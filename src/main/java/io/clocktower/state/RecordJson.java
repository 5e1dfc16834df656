package io.clocktower.state;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.fault.Faults;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A device's record in the form of its file, for another process on the same boot of the host. */
public final class RecordJson {

    private RecordJson() {}

    public static byte[] write(DeviceRecord record) {
        return StateFile.write(record, BootId.read().toString());
    }

    /**
     * The record exactly as it was: nothing begins or ends.
     *
     * @param epoch of its version
     * @throws IOException if any of it cannot be understood
     */
    public static DeviceRecord read(byte[] json, String epoch, LeapSeconds leapSeconds) throws IOException {
        List<String> errors = new ArrayList<>();
        StateFile file = StateFile.read(json, errors::add);
        if (!errors.isEmpty()) {
            throw new IOException(errors.getFirst());
        }
        try {
            DeviceSpec spec = file.device().spec();
            return new DeviceRecord(spec, file.isConfigured(),
                    new DeviceVersion(file.version().created(), epoch, file.version().revision()),
                    new Faults(spec.clocks(), leapSeconds, file.faults(), file.floorsNs()), file.alarms());
        } catch (RuntimeException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
