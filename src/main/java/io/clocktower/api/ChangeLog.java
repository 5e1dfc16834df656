package io.clocktower.api;

import io.clocktower.audit.Audit;
import io.clocktower.clock.Words;
import io.clocktower.device.DeviceChanges.Changed;
import io.clocktower.device.DeviceSpec;
import io.clocktower.device.DeviceStatus.FaultEffect;
import io.clocktower.device.DeviceStatus;
import io.clocktower.device.Fault;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Says in the log what calls changed, from what to what. */
@ApplicationScoped
public class ChangeLog {

    private static final String NONE = "none";

    private final Audit audit;

    ChangeLog(Audit audit) {
        this.audit = audit;
    }

    /** Who calls. */
    String caller() {
        return audit.caller();
    }

    /**
     * Says of each part of a device that is another one now what it was.
     *
     * @return the device after the change
     */
    DeviceStatus changed(Changed change) {
        DeviceSpec before = change.before().spec();
        DeviceSpec after = change.after().spec();
        if (!before.labels().equals(after.labels())) {
            audit.change(after.name(), "labels", before.labels(), after.labels());
        }
        if (!before.counter().equals(after.counter())) {
            audit.change(after.name(), "counter", before.counter().map(Object::toString).orElse(NONE),
                    after.counter().map(Object::toString).orElse(NONE));
        }
        Map<String, String> faultsBefore = faults(change.before());
        Map<String, String> faultsAfter = faults(change.after());
        Set<String> ids = new LinkedHashSet<>(faultsBefore.keySet());
        ids.addAll(faultsAfter.keySet());
        for (String id : ids) {
            String was = faultsBefore.getOrDefault(id, NONE);
            String is = faultsAfter.getOrDefault(id, NONE);
            if (!was.equals(is)) {
                audit.change(after.name(), "fault " + id, was, is);
            }
        }
        return change.after();
    }

    private static Map<String, String> faults(DeviceStatus status) {
        Map<String, String> faults = new LinkedHashMap<>();
        status.faults().stream().map(FaultEffect::fault).forEach(fault -> faults.put(fault.id(), told(fault)));
        return faults;
    }

    private static String told(Fault fault) {
        return Words.of(FaultType.of(fault.effect())) + " " + FaultView.members(fault.effect()) + " from "
                + fault.start()
                + fault.duration().map(length -> " for " + Times.duration(length)).orElse("")
                + fault.clock().map(id -> ", clock " + id).orElse("") + ", by " + fault.author()
                + (fault.reason().isEmpty() ? "" : ": " + fault.reason());
    }

    void created(DeviceSpec device) {
        audit.change(device.name(), "device", NONE, device.socket());
    }

    void removed(String device) {
        audit.change(device, "device", "there", NONE);
    }

    void expired(String device, int clock) {
        audit.change(device, "alarm of clock " + clock, "as it was", "expired now");
    }
}
