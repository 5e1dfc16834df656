package io.clocktower.device;

import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.device.DeviceException.Reason;
import io.clocktower.device.DeviceStatus.FaultEffect;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What operators change of devices, one change of a device at a time. Each call returns when the change is on disk and
 * made, or refuses it, and leaves the device as it was. Thread-safe; not for an event loop.
 */
public final class DeviceChanges {

    private final DeviceHost devices;
    private final DeviceStore store;
    private final HostClock host;

    DeviceChanges(DeviceHost devices, DeviceStore store, HostClock host) {
        this.devices = devices;
        this.store = store;
        this.host = host;
    }

    /**
     * Changes a device: finds out what it is to be, keeps that, and has the device become it.
     *
     * @param expected which version of the device the change is for
     */
    private Changed change(String name, Predicate<DeviceVersion> expected, DeviceRecord.Change change)
            throws DeviceException {
        Place place = devices.place(name);
        return place.exclusively(() -> {
            HostedDevice device = place.device();
            record Prepared(DeviceStatus before, DeviceRecord now, DeviceRecord next) {}
            Prepared prepared = place.ask(() -> {
                device.requireVersion(expected);
                DeviceRecord now = device.record();
                return new Prepared(device.status(), now, change.of(now));
            });
            if (prepared.next() == prepared.now()) {
                return new Changed(prepared.before(), prepared.before());
            }
            DeviceRecord next = prepared.next().with(prepared.now().version().next());
            store.keep(next);
            try {
                return new Changed(prepared.before(), place.order(() -> {
                    device.become(next);
                    return device.status();
                }, "the change is kept on disk, and is made as soon as the loop goes on"));
            } catch (DeviceException e) {
                if (e.reason() != Reason.NOT_KNOWN) {
                    store.keep(prepared.now());
                }
                throw e;
            }
        });
    }

    /** A device before a change and after it. */
    public record Changed(DeviceStatus before, DeviceStatus after) {

        /** The fault that came with the change. */
        public FaultEffect injected() {
            Set<Fault> past = before.faults().stream().map(FaultEffect::fault).collect(Collectors.toSet());
            return after.faults().reversed().stream().filter(effect -> !past.contains(effect.fault())).findFirst()
                    .orElseThrow();
        }
    }

    /**
     * Injects a fault.
     *
     * @param id its id, that of a fault that it takes the place of for example; without, one is made up
     */
    public Changed inject(String name, Predicate<DeviceVersion> expected, Optional<String> id, FaultRequest request)
            throws DeviceException {
        return change(name, expected, record -> record.with(record.faults()
                .with(id.orElseGet(() -> "f" + record.version().next().revision()), request, HostInstant.of(host))));
    }

    /**
     * Reverts the faults of some ids; those that there are not need no reverting.
     *
     * @return the device before and after
     */
    public Changed revert(String name, Predicate<DeviceVersion> expected, Predicate<Fault> reverted)
            throws DeviceException {
        return change(name, expected, record -> record.with(record.faults().without(reverted)));
    }

    /** Gives a device other labels. Those of the configuration come back when the service starts anew. */
    public Changed label(String name, Predicate<DeviceVersion> expected, Map<String, String> labels)
            throws DeviceException {
        return change(name, expected, record -> record.with(record.spec().withLabels(labels)));
    }

    /**
     * Gives a device the way in which its guest's cycle counter follows the host's, or nothing, for KVM to be asked. The
     * driver that the guest sets up next is told; to one that is there, CROSS_CAP answers as it did.
     */
    public Changed giveCounter(String name, Predicate<DeviceVersion> expected, Optional<CounterMapping> mapping)
            throws DeviceException {
        return change(name, expected, record -> record.with(record.spec().withCounter(mapping)));
    }

    /**
     * Notifies the guest of an alarm now, whatever its time.
     *
     * @throws DeviceException if the clock has no alarm or it is not enabled
     */
    public DeviceStatus expire(String name, int clockId) throws DeviceException {
        Place place = devices.place(name);
        return place.exclusively(() -> place.order(() -> {
            place.device().expire(clockId);
            return place.device().status();
        }, "the alarm expires as soon as the loop goes on, unless the service ends before"));
    }

    /**
     * What the clocks would show with one more fault.
     *
     * @param atNs from now, ascending
     */
    public Preview preview(String name, Optional<String> id, FaultRequest request, List<Long> atNs)
            throws DeviceException {
        HostInstant now = HostInstant.of(host);
        Place place = devices.place(name);
        Faults faults = place.device().faults().with(id.orElse("dry-run"), request, now);
        return Preview.of(place.device().spec().clocks().size(), faults, now, atNs);
    }
}
