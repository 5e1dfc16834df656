package io.clocktower.handover;

import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.counter.CounterLookup;
import io.clocktower.event.DeviceEvents;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.linux.Descriptor;
import io.clocktower.status.DeviceCounters;
import io.clocktower.vhostuser.FrontEndState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a successor takes over.
 *
 * @param format which rises when an earlier release cannot read it
 * @param release of the service that wrote it
 * @param parts what belongs to no device, by name
 */
record HandoverRecord(int format, String release, List<Device> devices, DeviceEvents.Kept events,
        Map<String, JsonNode> parts) {

    /** What this release writes and reads. */
    static final int FORMAT = 1;

    /** All descriptors of its devices, which are those of who has this. */
    List<Descriptor> descriptors() {
        List<Descriptor> all = new ArrayList<>();
        for (Device device : devices) {
            if (device.socket().listening() != null) {
                all.add(device.socket().listening());
            }
            device.frontEnd().ifPresent(frontEnd -> all.addAll(frontEnd.descriptors()));
        }
        return all;
    }

    void close() {
        descriptors().forEach(Descriptor::close);
    }

    /**
     * @param state as on disk
     * @param epoch of its version
     */
    record Device(JsonNode state, String epoch, DeviceCounters.Counts counts, Map<String, DeviceSnapshot.Begun> begun,
            Optional<CounterLookup.Known> counter, DeviceSnapshot.Socket socket, Optional<FrontEndState> frontEnd) {}
}
