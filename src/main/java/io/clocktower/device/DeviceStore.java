package io.clocktower.device;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.rtc.AlarmStatus;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/** The records of the devices on disk. What cannot be read is set aside, and harms no other device. Thread-safe. */
final class DeviceStore {

    private static final Logger LOG = Logger.getLogger(DeviceStore.class);

    private final String bootId;
    private volatile Optional<StateDirectory> directory = Optional.empty();
    private final Map<String, StateFile> found = new TreeMap<>();

    /**
     * A store that keeps nothing until it is opened.
     *
     * @param bootId of the host's boot
     */
    DeviceStore(String bootId) {
        this.bootId = bootId;
    }

    /** Keeps devices in a directory from now on, and finds those that are there. */
    void open(StateDirectory from) {
        directory = Optional.of(from);
        read(from).forEach((name, content) -> {
            try {
                StateFile file = StateFile.read(content);
                if (!file.device().name().equals(name)) {
                    throw new IOException("it is of device " + file.device().name());
                }
                found.put(name, file);
            } catch (IOException | RuntimeException e) {
                from.setAside(name, "not the state of a device: " + firstLine(e));
            }
        });
    }

    private static Map<String, byte[]> read(StateDirectory from) {
        try {
            return from.read();
        } catch (IOException e) {
            LOG.errorf("the state of devices cannot be read, and none is restored: %s", e.getMessage());
            return Map.of();
        }
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** The specifications of the devices found that the configuration did not ask for. */
    List<DeviceSpec> madeOverRest() {
        return found.values().stream().filter(file -> !file.isConfigured()).map(file -> file.device().spec()).toList();
    }

    /** A device as it was kept, or a new one. */
    DeviceRecord restore(DeviceSpec spec, boolean isConfigured, LeapSeconds leapSeconds, HostInstant now) {
        StateFile file = found.remove(spec.name());
        if (file == null) {
            return DeviceRecord.anew(spec, isConfigured, leapSeconds, now);
        }
        if (!file.device().clocks().equals(spec.clocks())) {
            LOG.warnf("%s: its clocks are others than before; its faults and alarms are forgotten", spec.name());
            return new DeviceRecord(spec, isConfigured, file.version().next(),
                    new Faults(spec.clocks(), leapSeconds, List.of(), Map.of()), List.of());
        }
        Faults faults = faults(file, spec, leapSeconds, now);
        List<AlarmStatus> alarms = file.alarms();
        if (!faults.list().isEmpty() || alarms.stream().anyMatch(AlarmStatus::isEnabled)) {
            LOG.infof("%s: restored: %d faults, %d enabled alarms", spec.name(), faults.list().size(),
                    alarms.stream().filter(AlarmStatus::isEnabled).count());
        }
        return new DeviceRecord(spec, isConfigured, file.version(), faults, alarms);
    }

    private Faults faults(StateFile file, DeviceSpec spec, LeapSeconds leapSeconds, HostInstant now) {
        boolean isSameBoot = file.bootId().equals(bootId);
        List<Fault> kept = isSameBoot
                ? file.faults()
                : file.faults().stream().map(fault -> rebased(fault, spec, now)).toList();
        try {
            Faults before = new Faults(spec.clocks(), leapSeconds, kept, isSameBoot ? file.floorsNs() : Map.of());
            return before.withFloors(floors(before, spec, now)).at(now);
        } catch (IllegalArgumentException | ArithmeticException e) {
            LOG.warnf("%s: its faults cannot be restored, and it serves true time: %s", spec.name(), e.getMessage());
            return new Faults(spec.clocks(), leapSeconds, List.of(), Map.of());
        }
    }

    /** A fault of an earlier boot, by the wall clock; one of a clock that counts from the boot begins anew with it. */
    private static Fault rebased(Fault fault, DeviceSpec spec, HostInstant now) {
        boolean isMonotonic = fault.clock().map(id -> spec.clocks().get(id).type() == ClockType.MONOTONIC)
                .orElse(false);
        long realtimeNs = now.realtimeNs();
        long ageNs = realtimeNs - (fault.start().getEpochSecond() * 1_000_000_000L + fault.start().getNano());
        return isMonotonic && ageNs > 0
                ? fault.anchored(Map.of()).endingAfter(fault.duration().map(length -> length.minusNanos(ageNs)))
                        .startingAt(now.boottimeNs())
                : fault.startingAt(now.boottimeNs() - ageNs);
    }

    /** What monotonic clocks may have shown meanwhile, if a fault that led them ended since. */
    private static Map<Integer, Long> floors(Faults before, DeviceSpec spec, HostInstant now) {
        Map<Integer, Long> floors = new HashMap<>(before.floorsNs());
        for (Fault fault : before.list()) {
            if (fault.endNs() <= now.boottimeNs()) {
                for (int id : fault.anchorsNs().keySet()) {
                    if (spec.clocks().get(id).type() == ClockType.MONOTONIC) {
                        ServedClock clock = before.clock(id);
                        long lastNs = clock.readNs(now.plus(fault.endNs() - 1 - now.boottimeNs()));
                        floors.merge(id, lastNs, (one, other) -> Long.compareUnsigned(one, other) < 0 ? other : one);
                    }
                }
            }
        }
        return floors;
    }

    /**
     * Keeps a device as it is to be.
     *
     * @throws DeviceException if it cannot be kept; what was kept of it before still is
     */
    void keep(DeviceRecord record) throws DeviceException {
        if (directory.isPresent()) {
            try {
                directory.get().write(record.spec().name(), StateFile.write(record, bootId));
            } catch (IOException e) {
                throw DeviceException.failed("device %s: its state cannot be kept, and nothing was changed: %s"
                        .formatted(record.spec().name(), e.getMessage()), e);
            }
        }
    }

    /** Keeps nothing of a device any more. */
    void forget(String name) throws DeviceException {
        if (directory.isPresent()) {
            try {
                directory.get().delete(name);
            } catch (IOException e) {
                throw DeviceException.failed("device %s: its state cannot be removed, and nothing was changed: %s"
                        .formatted(name, e.getMessage()), e);
            }
        }
    }
}
