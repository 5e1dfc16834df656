package io.clocktower.api;

import io.clocktower.audit.Audit;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Words;
import io.clocktower.device.DeviceChanges;
import io.clocktower.device.DeviceChanges.Changed;
import io.clocktower.device.DeviceHost;
import io.clocktower.fault.Fault;
import io.clocktower.fault.FaultText;
import io.clocktower.plan.PlanStatus;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.status.DeviceStatus;
import io.clocktower.status.DeviceStatus.FaultEffect;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Writes to the audit log what calls and plans changed, from what to what. */
@ApplicationScoped
public class ChangeLog {

    private static final String NONE = "none";

    private final Audit audit;

    ChangeLog(Audit audit) {
        this.audit = audit;
    }

    /** The caller's name. */
    String caller() {
        return audit.caller();
    }

    /** The same, as events have it. */
    Optional<String> actor() {
        return Optional.of(audit.caller());
    }

    /** Changes in the caller's name. */
    DeviceChanges changes(DeviceHost devices) {
        return devices.changes().by(audit.caller());
    }

    /** A change that a call made. */
    DeviceStatus changed(Changed change) {
        parts(change).forEach((what, part) -> audit.change(change.after().name() + " " + what, part.from, part.to));
        return change.after();
    }

    /**
     * A change that no call made.
     *
     * @param actor who made it
     */
    void changed(String actor, Changed change) {
        parts(change).forEach(
                (what, part) -> audit.change(actor, change.after().name() + " " + what, part.from, part.to));
    }

    private record Part(String from, String to) {}

    /** Each part of a device that differs since a change, by its name. */
    private static Map<String, Part> parts(Changed change) {
        Map<String, Part> parts = new LinkedHashMap<>();
        DeviceSpec before = change.before().spec();
        DeviceSpec after = change.after().spec();
        put(parts, "labels", labels(before), labels(after));
        put(parts, "counter", counter(before), counter(after));
        Map<String, Fault> faultsBefore = byId(change.before().faults().list().stream());
        Map<String, Fault> faultsAfter = byId(change.after().faults().stream().map(FaultEffect::fault));
        Set<String> ids = new LinkedHashSet<>(faultsBefore.keySet());
        ids.addAll(faultsAfter.keySet());
        for (String id : ids) {
            Optional<Fault> was = Optional.ofNullable(faultsBefore.get(id));
            Optional<Fault> is = Optional.ofNullable(faultsAfter.get(id));
            if (was.isEmpty() || is.isEmpty() || !was.get().isSameAs(is.get())) {
                put(parts, "fault " + id, was.map(FaultText::of).orElse(NONE), is.map(FaultText::of).orElse(NONE));
            }
        }
        return parts;
    }

    private static void put(Map<String, Part> parts, String what, String from, String to) {
        if (!from.equals(to)) {
            parts.put(what, new Part(from, to));
        }
    }

    private static String labels(DeviceSpec device) {
        return device.labels().isEmpty() ? NONE : new TreeMap<>(device.labels()).toString();
    }

    private static String counter(DeviceSpec device) {
        return device.counter().map(ChangeLog::counter).orElse("asked of KVM");
    }

    private static String counter(CounterMapping counter) {
        return "offset %d, ratio %s, fractionBits %d".formatted(counter.offset(),
                Long.toUnsignedString(counter.ratio()), counter.fractionBits());
    }

    private static Map<String, Fault> byId(Stream<Fault> faults) {
        Map<String, Fault> byId = new LinkedHashMap<>();
        faults.forEach(fault -> byId.put(fault.id(), fault));
        return byId;
    }

    void created(DeviceSpec device) {
        audit.change(device.name() + " device", NONE, device.socket().toString());
    }

    void removed(DeviceSpec device) {
        audit.change(device.name() + " device", device.socket().toString(), NONE);
    }

    void expired(String device, int clock) {
        audit.change(device + " alarm of clock " + clock, "enabled", "expired by operator");
    }

    void started(PlanStatus plan) {
        audit.change("plan " + plan.id(), NONE, "%s, seed %d".formatted(
                plan.plan().recurrence()
                        .map(of -> "waiting: schedule '%s', time zone %s".formatted(of.schedule(), of.zone()))
                        .orElse("running: %d faults".formatted(plan.counts().total())),
                plan.plan().seed()));
    }

    void stopped(PlanStatus before, PlanStatus after) {
        audit.change("plan " + after.id(), text(before), text(after));
    }

    private static String text(PlanStatus plan) {
        return "%s, %d pending, %d active".formatted(Words.of(plan.state()), plan.counts().pending(),
                plan.counts().active());
    }

    void forgotten(String plan) {
        audit.change("plan " + plan, "kept", NONE);
    }

    /** The call asks what a change would do. */
    void dryRun() {
        audit.note("dry run, nothing changed");
    }
}
