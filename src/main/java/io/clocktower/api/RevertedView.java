package io.clocktower.api;

import io.clocktower.device.DeviceChanges.Changed;
import io.clocktower.fault.Fault;
import io.clocktower.fault.Faults;
import io.clocktower.status.DeviceStatus;
import io.clocktower.status.DeviceStatus.FaultEffect;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jboss.resteasy.reactive.RestResponse;

/** The answer to a call that reverted faults, where there is more to say than that it did. */
@Schema(name = "Reverted", description = "The faults were reverted, with warnings")
record RevertedView(@Schema(examples = "vm0") String device,
        @Schema(description = "What went wrong besides, and why the effect may not be seen", examples = "The faults are reverted, but this is not on disk yet:"
                + " cannot write /var/lib/clocktower/vm0.json: No space left on device. A restart before it is written"
                + " brings them back. The service retries until it is written.") List<String> warnings) {

    /** 204; or 200 with warnings: the change is not on disk yet, or the guest may not see it. */
    static RestResponse<RevertedView> answer(Changed changed) {
        List<String> warnings = new ArrayList<>();
        changed.unkept().ifPresent(reason -> warnings.add(warning(reason)));
        List<Integer> clocks = revertedClocks(changed);
        if (!clocks.isEmpty()) {
            warnings.addAll(Warnings.of(changed.after(), clocks));
        }
        return warnings.isEmpty()
                ? RestResponse.noContent()
                : RestResponse.ok(new RevertedView(changed.after().name(), warnings));
    }

    /** The clocks that the reverted faults were for. */
    private static List<Integer> revertedClocks(Changed changed) {
        Set<String> left = changed.after().faults().stream().map(FaultEffect::fault).map(Fault::id)
                .collect(Collectors.toSet());
        Faults before = changed.before().faults();
        List<Fault> reverted = before.list().stream().filter(fault -> !left.contains(fault.id())).toList();
        return changed.after().clocks().stream().map(DeviceStatus.Clock::id)
                .filter(id -> reverted.stream().anyMatch(fault -> before.isFor(fault, id))).toList();
    }

    static String warning(String reason) {
        return ("The faults are reverted, but this is not on disk yet: %s. A restart before it is written brings"
                + " them back. The service retries until it is written.").formatted(reason);
    }
}
