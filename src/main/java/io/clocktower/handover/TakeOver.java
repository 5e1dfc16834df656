package io.clocktower.handover;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceTransfer;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.state.DeviceRecord;
import io.clocktower.state.StateDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** What a successor does with what it takes. If a step fails, the predecessor goes on, and this process must end. */
public final class TakeOver {

    private static final Logger LOG = Logger.getLogger(TakeOver.class);
    private static final Duration LOCK_PATIENCE = Duration.ofSeconds(10);
    private static final long AGAIN_MS = 2;

    private final Successor successor;
    private final DeviceHost devices;
    private final List<HandoverPart> parts;
    private final Map<String, DeviceSpec> configured;
    private final DeviceTransfer transfer;
    private long startNs;
    private long tookNs;

    /**
     * @param configured the devices of this process's configuration
     */
    public TakeOver(Successor successor, DeviceHost devices, List<HandoverPart> parts, List<DeviceSpec> configured) {
        this.successor = successor;
        this.devices = devices;
        this.parts = parts;
        this.configured = configured.stream().collect(Collectors.toMap(DeviceSpec::name, Function.identity()));
        transfer = devices.transfer();
    }

    /**
     * Makes the devices, which are paused.
     *
     * @throws PredecessorGoneException if the predecessor ended before, and took its connections with it
     */
    public void prepare(LeapSeconds leapSeconds) throws IOException, DeviceException {
        parts.forEach(HandoverPart::freeze);
        startNs = System.nanoTime();
        List<DeviceSnapshot> snapshots = successor.take(leapSeconds);
        List<DeviceSnapshot> wanted = new ArrayList<>();
        try {
            for (DeviceSnapshot snapshot : snapshots) {
                wanted.add(snapshot.with(asConfigured(snapshot.record())));
            }
        } catch (DeviceException e) {
            snapshots.forEach(DeviceSnapshot::close);
            throw e;
        }
        transfer.resume(wanted);
    }

    /**
     * The record with what the configuration says of it now. A device that the configuration no longer has stays, as if it was
     * created over REST.
     */
    private DeviceRecord asConfigured(DeviceRecord record) throws DeviceException {
        DeviceSpec spec = configured.get(record.spec().name());
        if (spec == null) {
            return new DeviceRecord(record.spec(), false, record.version(), record.faults(), record.alarms());
        }
        if (!spec.clocks().equals(record.spec().clocks()) || !spec.socket().equals(record.spec().socket())
                || spec.mode() != record.spec().mode()) {
            throw DeviceException
                    .conflict(("device %s: its clocks, its socket or its mode differ from those of the running service:"
                            + " a guest that is connected would notice").formatted(spec.name()));
        }
        return new DeviceRecord(spec, true, record.version(), record.faults(), record.alarms());
    }

    /** Before {@link #serve} has succeeded: lets go of all that was taken. The predecessor goes on. */
    public void giveUp() {
        try {
            transfer.abandon();
        } catch (DeviceException e) {
            LOG.warnf("handover: %s", e.getMessage());
        }
    }

    /** Locks a state directory that another process is about to release. */
    public static StateDirectory openState(Path directory) throws IOException {
        long endNs = System.nanoTime() + LOCK_PATIENCE.toNanos();
        while (true) {
            try {
                return StateDirectory.open(directory);
            } catch (IOException e) {
                if (System.nanoTime() > endNs) {
                    throw e;
                }
                pause();
            }
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(AGAIN_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the thread was interrupted", e);
        }
    }

    /**
     * Serves, the devices first. Whether the predecessor still runs does not matter.
     *
     * @throws IOException if the predecessor goes on instead
     */
    public void serve() throws IOException {
        devices.events().restore(successor.events());
        successor.begin();
        transfer.proceed();
        tookNs = System.nanoTime() - startNs;
        try {
            successor.serving();
        } catch (IOException e) {
            LOG.warnf("hand-over: the predecessor has ended: %s", e.getMessage());
        }
        successor.resume(parts);
        parts.forEach(HandoverPart::proceed);
    }

    /** The predecessor ended, and left nothing: what was prepared goes on. */
    public void startInPlace() {
        parts.forEach(HandoverPart::proceed);
    }

    /** What was taken, for the log. */
    public String summary() {
        return "took %d devices over from release %s in %d ms, %d of them until the record came"
                .formatted(devices.specs().size(), successor.release(), Duration.ofNanos(tookNs).toMillis(),
                        Duration.ofNanos(successor.arrivedNs() - startNs).toMillis());
    }
}
