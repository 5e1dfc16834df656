package io.clocktower.device;

import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.fault.Fault;
import io.clocktower.fault.FaultRequest;
import io.clocktower.fault.Faults;
import io.clocktower.fault.Preview;
import io.clocktower.hosted.HostedDevice;
import io.clocktower.hosted.PreparedChange;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.state.DeviceRecord;
import io.clocktower.state.DeviceStore;
import io.clocktower.status.DeviceStatus;
import io.clocktower.status.DeviceStatus.FaultEffect;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Changes of devices that operators make. A change is prepared on the device's event loop, written to disk, and applied
 * on the loop: to the device as it is then, so what begins or ends in between is not undone. A change that cannot be
 * written is not applied. Reverting faults is the exception: it is applied first and written then, so that true time
 * never waits for a disk. Thread-safe; not for an event loop.
 */
public final class DeviceChanges {

    private final DeviceHost devices;
    private final DeviceStore store;
    private final HostClock host;
    private final Optional<String> actor;

    private DeviceChanges(DeviceHost devices, DeviceStore store, HostClock host, Optional<String> actor) {
        this.devices = devices;
        this.store = store;
        this.host = host;
        this.actor = actor;
    }

    /** Changes that the service makes by itself. */
    DeviceChanges(DeviceHost devices, DeviceStore store, HostClock host) {
        this(devices, store, host, Optional.empty());
    }

    /** The same, made by somebody, whom events name. */
    public DeviceChanges by(String name) {
        return new DeviceChanges(devices, store, host, Optional.of(name));
    }

    /**
     * What a change made of a device.
     *
     * @param before the device just before
     * @param after the device just after
     * @param unkept why the change is not on disk yet; empty if it is
     */
    public record Changed(DeviceRecord before, DeviceStatus after, Optional<String> unkept) {

        private static Changed of(HostedDevice.Applied applied, Optional<String> unkept) {
            return new Changed(applied.before(), applied.after(), unkept);
        }

        /** One of the device's faults after the change. */
        public FaultEffect fault(String id) {
            return after.faults().stream().filter(effect -> effect.fault().id().equals(id)).findFirst().orElseThrow();
        }
    }

    /**
     * A device with a fault that was injected.
     *
     * @param injected the fault as it was asked for, even if it has ended since
     */
    public record Injected(Changed changed, FaultEffect injected) {

        public DeviceStatus after() {
            return changed.after();
        }
    }

    /**
     * @param expected which version of the device the change is for
     */
    private Changed change(String name, Predicate<DeviceVersion> expected, DeviceRecord.Change change)
            throws DeviceException {
        DeviceProxy proxy = devices.device(name);
        HostedDevice device = proxy.device();
        return proxy.exclusively(() -> {
            PreparedChange prepared = proxy.ask(() -> device.prepare(expected, change));
            if (prepared.unchanged().isPresent()) {
                return new Changed(prepared.now(), prepared.unchanged().get(), Optional.empty());
            }
            DeviceRecord next = prepared.next();
            keep(proxy, next);
            try {
                return proxy.command(() -> {
                    if (expected != DeviceVersion.ANY) {
                        // A revert does not wait for the disk: it may have come first.
                        device.requireNoChangeSince(prepared);
                    }
                    return applyKept(proxy, change, next);
                },
                        "the change is on disk, and will be applied when the loop resumes");
            } catch (DeviceException e) {
                if (e.reason() != Reason.NOT_KNOWN) {
                    keepCurrent(proxy);
                }
                throw e;
            }
        });
    }

    private void keep(DeviceProxy proxy, DeviceRecord next) throws DeviceException {
        try {
            store.keep(next);
        } catch (DeviceException e) {
            devices.onChanged(proxy);
            throw DeviceException.failed(e.getMessage() + "; nothing was changed", e);
        }
    }

    /** On the loop's thread; the caller may have given up by then. */
    private Changed applyKept(DeviceProxy proxy, DeviceRecord.Change change, DeviceRecord kept)
            throws DeviceException {
        try {
            Changed changed = Changed.of(proxy.device().apply(change, actor), Optional.empty());
            if (!proxy.device().record().faults().isSameAs(kept.faults())) {
                devices.onChanged(proxy);
            }
            return changed;
        } catch (DeviceException | RuntimeException e) {
            devices.onChanged(proxy);
            throw e;
        }
    }

    /** A change that was refused after it was written is not to come back with a restart. */
    private void keepCurrent(DeviceProxy proxy) {
        try {
            store.keep(proxy.ask(proxy.device()::record));
        } catch (DeviceException e) {
            devices.onChanged(proxy);
        }
    }

    /**
     * Injects a fault.
     *
     * @param id its id, for example that of a fault that it replaces; a new one if it is left out
     */
    public Injected inject(String name, Predicate<DeviceVersion> expected, Optional<String> id, FaultRequest request)
            throws DeviceException {
        return inject(name, expected, new Injection(id, (_, _) -> request));
    }

    private Injected inject(String name, Predicate<DeviceVersion> expected, Injection injection)
            throws DeviceException {
        Changed changed = change(name, expected, injection);
        return new Injected(changed, changed.fault(injection.id));
    }

    /**
     * Moves a clock past the alarm that the guest has set on it, so that the alarm is due by the guest's own reading. It
     * stays there until the fault is reverted.
     *
     * @param author whom the fault names
     * @throws DeviceException if the clock has no alarm, the alarm is not enabled, or the clock has come to its time
     */
    public Injected stepPastAlarm(String name, Predicate<DeviceVersion> expected, int clockId, String author)
            throws DeviceException {
        return inject(name, expected,
                new Injection(Optional.empty(), (record, now) -> PastAlarm.step(record, clockId, author, now)));
    }

    /** Prepared and applied on the loop's thread; its id stays the one that was written to disk. */
    private static final class Injection implements DeviceRecord.Change {

        /** What is asked for, which may depend on the device as it is then. */
        private interface Wanted {
            FaultRequest of(DeviceRecord record, HostInstant now) throws DeviceException;
        }

        private final Wanted wanted;
        private String id;
        private boolean isPrepared;

        Injection(Optional<String> id, Wanted wanted) {
            this.id = id.orElse(null);
            this.wanted = wanted;
        }

        @Override
        public DeviceRecord of(DeviceRecord record, HostInstant now) throws DeviceException {
            if (id == null) {
                id = "f" + record.version().next().revision();
            }
            FaultRequest request = wanted.of(record, now);
            // While the disk was written, its start may have come.
            Faults faults = record.faults().with(id, isPrepared ? request.notBefore(now) : request, now);
            isPrepared = true;
            return record.with(faults);
        }
    }

    /** Changes the duration or the reason of a fault; what is empty stays as it is. */
    public Changed changeFault(String name, Predicate<DeviceVersion> expected, String id, Optional<Duration> duration,
            Optional<String> reason) throws DeviceException {
        return change(name, expected,
                (record, now) -> record.with(record.faults().changed(id, duration, reason, now)));
    }

    /** Pauses a fault: its clocks go on without it, and what is left of its duration stands still. */
    public Changed pause(String name, Predicate<DeviceVersion> expected, String id) throws DeviceException {
        return change(name, expected, (record, now) -> record.with(record.faults().paused(id, now)));
    }

    /** Lets a paused fault go on: it begins again, for the time that was left. */
    public Changed resume(String name, Predicate<DeviceVersion> expected, String id) throws DeviceException {
        return change(name, expected, (record, now) -> record.with(record.faults().resumed(id, now)));
    }

    /**
     * Reverts faults: at once, whatever else is being changed. Does nothing if there are none of these.
     *
     * @return with the reason why it is not on disk yet, if it is not; it will be written as soon as that is possible
     */
    public Changed revert(String name, Predicate<DeviceVersion> expected, Predicate<Fault> reverted)
            throws DeviceException {
        DeviceProxy proxy = devices.device(name);
        HostedDevice device = proxy.device();
        HostedDevice.Applied applied;
        try {
            applied = proxy.command(() -> {
                device.requireVersion(expected);
                return device.apply((record, now) -> record.with(record.faults().revert(reverted, now)), actor);
            }, "the faults will be reverted when the loop resumes");
        } catch (DeviceException e) {
            if (e.reason() == Reason.NOT_KNOWN) {
                devices.onChanged(proxy);
            }
            throw e;
        }
        Changed changed = Changed.of(applied, Optional.empty());
        if (applied.before().version().equals(applied.after().version())) {
            return changed;
        }
        try {
            return proxy.exclusively(() -> {
                store.keep(proxy.ask(device::record));
                return changed;
            });
        } catch (DeviceException e) {
            if (proxy.isRemoved()) {
                return changed;
            }
            devices.onChanged(proxy);
            return Changed.of(applied, Optional.of(e.getMessage()));
        }
    }

    /** Replaces a device's labels. Those of the configuration are back when the service restarts. */
    public Changed label(String name, Predicate<DeviceVersion> expected, Map<String, String> labels)
            throws DeviceException {
        return change(name, expected, (record, _) -> record.with(record.spec().withLabels(labels)));
    }

    /**
     * Sets how the guest's cycle counter follows the host's; without a mapping KVM is asked. It is told to the driver
     * that the guest sets up next: for a driver that is set up, CROSS_CAP keeps its answer.
     */
    public Changed giveCounter(String name, Predicate<DeviceVersion> expected, Optional<CounterMapping> mapping)
            throws DeviceException {
        return change(name, expected, (record, _) -> record.with(record.spec().withCounter(mapping)));
    }

    /**
     * Notifies the guest of an alarm now, whatever its time.
     *
     * @param expected which version of the device the change is for
     * @throws DeviceException if the device has another version, the clock has no alarm, or the alarm is not enabled
     */
    public DeviceStatus expire(String name, Predicate<DeviceVersion> expected, int clockId) throws DeviceException {
        DeviceProxy proxy = devices.device(name);
        return proxy.exclusively(() -> proxy.command(() -> {
            proxy.device().requireVersion(expected);
            proxy.device().expire(clockId, actor);
            return proxy.device().status();
        }, "the alarm will expire when the loop resumes, unless the service ends first"));
    }

    /**
     * What the clocks would show with one more fault. Nothing changes.
     *
     * @param atNs from now, ascending
     */
    public Preview preview(String name, Optional<String> id, FaultRequest request, List<Long> atNs)
            throws DeviceException {
        HostInstant now = HostInstant.of(host);
        DeviceProxy proxy = devices.device(name);
        Faults faults = proxy.device().faults().with(id.orElse("dry-run"), request, now);
        return Preview.of(proxy.device().spec().clocks().size(), faults, now, atNs);
    }
}
