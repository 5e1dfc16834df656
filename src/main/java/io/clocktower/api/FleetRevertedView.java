package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.device.DeviceChanges.Changed;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What a call did that restored the true time of several devices. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@Schema(name = "FleetReverted", description = "All of the selected devices show true time")
record FleetRevertedView(@Schema(description = "How many devices were selected", examples = "12") int devices,
        @Schema(description = "How many of them had faults", examples = "3") int reverted,
        @Schema(description = "How many faults were reverted", examples = "4") int faults,
        @Schema(description = "The plans that were stopped", examples = "[\"p1\"]") List<String> stoppedPlans,
        @Schema(description = "What went wrong besides, or may undo it") List<String> warnings) {

    static FleetRevertedView of(int devices, List<Changed> changes, List<String> stopped, List<String> running) {
        List<String> warnings = new ArrayList<>();
        changes.forEach(change -> change.unkept().ifPresent(reason -> warnings.add(
                "%s: %s".formatted(change.after().name(), RevertedView.warning(reason)))));
        running.forEach(plan -> warnings.add("Plan %s is running, and may inject further faults.".formatted(plan)));
        return new FleetRevertedView(devices, changes.size(),
                changes.stream().mapToInt(change -> change.before().faults().list().size()).sum(), stopped, warnings);
    }
}
