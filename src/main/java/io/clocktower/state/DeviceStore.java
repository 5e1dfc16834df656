package io.clocktower.state;

import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.fault.Faults;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.DeviceVersion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The records of devices on disk. What cannot be read is set aside, and does no harm to other devices. Thread-safe; a
 * call can wait for the disk.
 */
public final class DeviceStore {

    private static final Logger LOG = Logger.getLogger(DeviceStore.class);

    private final BootId boot;
    private volatile Optional<StateFiles> files = Optional.empty();
    private final Map<String, Found> found = new TreeMap<>();
    private final LongAdder failedWrites = new LongAdder();
    private final AtomicLong unkept = new AtomicLong();
    private final Map<String, String> failing = new ConcurrentSkipListMap<>();

    /**
     * The file of a device that has not been restored yet.
     *
     * @param errors of the faults that cannot be read
     */
    private record Found(StateFile file, List<String> errors) {}

    /**
     * A store that keeps nothing until it is opened.
     *
     * @param boot of the host
     */
    public DeviceStore(BootId boot) {
        this.boot = boot;
    }

    /** Of the host, from which what is kept counts. */
    public BootId boot() {
        return boot;
    }

    /** From now on keeps devices in these files, and finds the devices that are there. */
    public void open(StateFiles from) {
        files = Optional.of(from);
        read(from).forEach((name, content) -> {
            try {
                List<String> errors = new ArrayList<>();
                StateFile file = StateFile.read(content, errors::add);
                if (!file.device().name().equals(name)) {
                    throw new IOException("it is of device " + file.device().name());
                }
                found.put(name, new Found(file, errors));
            } catch (IOException | RuntimeException e) {
                from.setAside(name, "not the state of a device: " + firstLine(e));
            }
        });
    }

    private static Map<String, byte[]> read(StateFiles from) {
        try {
            return from.read();
        } catch (IOException e) {
            LOG.errorf("no device is restored, because their state cannot be read: %s", e.getMessage());
            return Map.of();
        }
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** The specifications of the devices found that were created over REST, and not by the configuration. */
    public List<DeviceSpec> createdOverRest() {
        return found.values().stream().map(Found::file).filter(file -> !file.isConfigured())
                .map(file -> file.device().spec()).toList();
    }

    /** A device as it was kept, or a new one. */
    public DeviceRecord restore(DeviceSpec spec, boolean isConfigured, LeapSeconds leapSeconds, HostInstant now) {
        Found kept = found.remove(spec.name());
        if (kept == null) {
            return DeviceRecord.create(spec, isConfigured, leapSeconds, now);
        }
        StateFile file = kept.file();
        DeviceVersion version = DeviceVersion.restored(file.version().created(), file.version().revision());
        if (!file.device().clocks().equals(spec.clocks())) {
            copyAside(spec.name(), "the device has other clocks now, so its faults and alarms are dropped");
            return new DeviceRecord(spec, isConfigured, version.next(),
                    new Faults(spec.clocks(), leapSeconds, List.of(), Map.of()), List.of());
        }
        Faults faults = faults(kept, spec, leapSeconds, now);
        List<AlarmStatus> alarms = file.alarms();
        long enabled = alarms.stream().filter(AlarmStatus::isEnabled).count();
        if (!faults.list().isEmpty() || enabled > 0) {
            LOG.infof("%s: restored with %d faults and %d enabled alarms", spec.name(), faults.list().size(), enabled);
        }
        return new DeviceRecord(spec, isConfigured, version, faults, alarms);
    }

    private Faults faults(Found kept, DeviceSpec spec, LeapSeconds leapSeconds, HostInstant now) {
        StateFile file = kept.file();
        var restored = FaultRestoration.restore(file, spec.clocks(), boot.isSameAs(BootId.of(file.bootId())),
                leapSeconds, now);
        List<String> errors = Stream.concat(kept.errors().stream(), restored.errors().stream()).toList();
        if (!errors.isEmpty()) {
            errors.forEach(error -> LOG.warnf("%s: %s", spec.name(), error));
            copyAside(spec.name(), "not all of its faults can be restored");
        }
        return restored.faults();
    }

    private void copyAside(String name, String reason) {
        files.ifPresent(kept -> kept.copyAside(name, reason));
    }

    /**
     * Keeps a device's record.
     *
     * @throws DeviceException if it cannot be kept; the record that was kept before still is
     */
    public void keep(DeviceRecord record) throws DeviceException {
        String name = record.spec().name();
        if (files.isPresent()) {
            try {
                files.get().write(name, StateFile.write(record, boot.toString()));
                failing.remove(name);
            } catch (IOException e) {
                failedWrites.increment();
                failing.put(name, e.getMessage());
                throw DeviceException.failed("device %s: its state cannot be written to disk: %s".formatted(name,
                        e.getMessage()), e);
            }
        }
    }

    /** Keeps a device no longer. */
    public void forget(String name) throws DeviceException {
        failing.remove(name);
        if (files.isPresent()) {
            try {
                files.get().delete(name);
            } catch (IOException e) {
                failedWrites.increment();
                throw DeviceException.failed("device %s: its state cannot be deleted from disk: %s".formatted(name,
                        e.getMessage()), e);
            }
        }
    }

    /** How many writes and deletions failed since the service started. */
    public long failedWrites() {
        return failedWrites.sum();
    }

    /** The devices whose last write failed, with the reason, by name: what the disk has of them may be old. */
    public Map<String, String> failing() {
        return Map.copyOf(failing);
    }

    /** Where plans are kept; empty if nothing is kept, or not yet. */
    public Optional<StateFiles> plans() {
        return files.map(StateFiles::plans);
    }

    /**
     * A number that no earlier run of the service had from this sequence, as long as its state is kept.
     *
     * @throws IOException that says why the number cannot be written to disk
     */
    public long next(String sequence) throws IOException {
        return files.isPresent() ? files.get().next(sequence) : unkept.incrementAndGet();
    }
}
