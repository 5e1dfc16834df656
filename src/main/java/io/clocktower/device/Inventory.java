package io.clocktower.device;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvents;
import io.clocktower.hosted.HostedDevice;
import io.clocktower.socket.DeviceSocket;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceException.Reason;
import io.clocktower.spec.DeviceMode;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.state.DeviceRecord;
import io.clocktower.state.DeviceStore;
import io.clocktower.status.DeviceStatus;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/**
 * Which devices there are: adds new ones and those that were kept, and removes them, from their loops and from the disk alike.
 * Thread-safe; not for an event loop.
 */
final class Inventory {

    private static final Logger LOG = Logger.getLogger(Inventory.class);

    private final Map<String, DeviceProxy> devices;
    private final Placement placement;
    private final DeviceStore store;
    private final HostClock host;
    private final LeapSeconds leapSeconds;
    private final DeviceEvents events;
    private final Consumer<DeviceProxy> onChanged;

    /**
     * @param devices by name
     * @param onChanged takes a device that may differ from what is kept of it
     */
    Inventory(Map<String, DeviceProxy> devices, Placement placement, DeviceStore store, HostClock host,
            LeapSeconds leapSeconds, DeviceEvents events, Consumer<DeviceProxy> onChanged) {
        this.devices = devices;
        this.placement = placement;
        this.store = store;
        this.host = host;
        this.leapSeconds = leapSeconds;
        this.events = events;
        this.onChanged = onChanged;
    }

    /**
     * Adds a device as it was kept.
     *
     * @param isConfigured whether the configuration asks for it
     * @param passed where it listens, if that exists
     */
    void restore(DeviceSpec spec, boolean isConfigured, Optional<DeviceSocket> passed) throws DeviceException {
        placement.place(store.restore(spec, isConfigured, leapSeconds, HostInstant.of(host)), passed);
    }

    /** Adds a device and keeps it. */
    DeviceStatus create(DeviceSpec spec, Optional<String> actor) throws DeviceException {
        DeviceProxy proxy = placement.place(DeviceRecord.create(spec, false, leapSeconds, HostInstant.of(host)));
        try {
            DeviceStatus made = proxy.exclusively(() -> {
                record Made(DeviceRecord record, DeviceStatus status) {}
                // Nothing is asked once it is kept: no answer would leave open whether it was made.
                Made asked = proxy.ask(() -> new Made(proxy.device().record(), proxy.device().status()));
                store.keep(asked.record());
                return asked.status();
            });
            events.publish(DeviceEvent.of(host, DeviceEvent.Type.DEVICE_CREATED, spec,
                    (spec.mode() == DeviceMode.CONNECT ? "created, connects to " : "created, listens at ")
                            + spec.socket())
                    .to(spec.socket().toString()).by(actor));
            return made;
        } catch (DeviceException e) {
            undo(proxy, e);
            throw e;
        }
    }

    /** The caller gets an error, so a restart of the service must not restore the device. */
    private void undo(DeviceProxy proxy, DeviceException why) {
        try {
            store.forget(proxy.name());
        } catch (DeviceException e) {
            why.addSuppressed(e);
            LOG.error(e.getMessage());
        }
        placement.remove(proxy);
    }

    /** Removes a device, and what is kept of it. */
    void remove(DeviceProxy proxy, Predicate<DeviceVersion> expected, boolean isForced, Optional<String> actor)
            throws DeviceException {
        proxy.exclusively(() -> {
            DeviceRecord record = proxy.ask(() -> {
                checkRemovable(proxy.device(), expected, isForced);
                return proxy.device().record();
            });
            store.forget(proxy.name());
            try {
                return proxy.command(() -> {
                    close(proxy, expected, isForced);
                    return null;
                }, "the device will be removed when the loop resumes");
            } catch (DeviceException e) {
                if (e.reason() != Reason.NOT_KNOWN) {
                    // For example because a front-end has connected since.
                    store.keep(record);
                }
                throw e;
            }
        });
        proxy.socket().deleteFile();
        DeviceSpec spec = proxy.device().spec();
        events.publish(DeviceEvent.of(host, DeviceEvent.Type.DEVICE_REMOVED, spec, "removed")
                .from(spec.socket().toString()).by(actor));
    }

    /** On the loop's thread; the caller may have given up by then. */
    private void close(DeviceProxy proxy, Predicate<DeviceVersion> expected, boolean isForced) throws DeviceException {
        try {
            checkRemovable(proxy.device(), expected, isForced);
        } catch (DeviceException e) {
            onChanged.accept(proxy);
            throw e;
        }
        try {
            proxy.close();
        } finally {
            // Last: a name that is free has a socket at which no process listens.
            devices.remove(proxy.name(), proxy);
        }
    }

    private static void checkRemovable(HostedDevice device, Predicate<DeviceVersion> expected, boolean isForced)
            throws DeviceException {
        device.requireVersion(expected);
        if (!isForced && device.isConnected()) {
            throw DeviceException
                    .conflict("device " + device.spec().name() + ": a virtual machine is connected and would"
                            + " lose its clock until it is restarted; use force=true to remove it anyway");
        }
    }
}
