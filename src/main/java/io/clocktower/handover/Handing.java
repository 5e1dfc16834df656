package io.clocktower.handover;

import io.clocktower.device.DeviceHost;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.device.DeviceTransfer;
import io.clocktower.handover.Link.Type;
import io.clocktower.linux.Descriptor;
import io.clocktower.spec.DeviceException;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/** One try to hand everything over to a successor. One thread uses it, in the order of the methods. */
final class Handing implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Handing.class);
    /** Guests wait so long at the most before this service goes on. */
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final Link link;
    private final DeviceHost devices;
    private final List<HandoverPart> parts;
    private final String release;
    private final DeviceTransfer transfer;
    private final Token token = Token.create();
    private final List<HandoverPart> frozen = new ArrayList<>();

    Handing(Link link, DeviceHost devices, List<HandoverPart> parts, String release) {
        this.link = link;
        this.devices = devices;
        this.parts = parts;
        this.release = release;
        transfer = devices.transfer();
    }

    /** Has the parts change nothing more. Guests do not wait yet. */
    void freeze() {
        for (HandoverPart part : parts) {
            frozen.add(part);
            part.freeze();
        }
    }

    /** Pauses the devices, and sends all. */
    void pass() throws IOException, DeviceException {
        List<DeviceSnapshot> snapshots = transfer.pause();
        Map<String, byte[]> states = new LinkedHashMap<>();
        parts.forEach(part -> states.put(part.name(), part.state()));
        HandoverJson.Written record = HandoverJson.write(release, snapshots, devices.events().kept(), states);
        List<Descriptor> descriptors = new ArrayList<>(record.descriptors());
        descriptors.add(token.descriptor());
        link.sendRecord(record.json(), descriptors, PAUSE);
    }

    /**
     * Waits until the successor serves.
     *
     * @throws IOException if it does not, and never will: this service is to {@link #goOn}
     */
    void awaitServing() throws IOException {
        while (true) {
            try {
                link.receive(Type.SERVING, PAUSE);
                return;
            } catch (EOFException e) {
                throw e;
            } catch (IOException e) {
                if (token.take()) {
                    throw e;
                }
                LOG.warnf("hand-over: the successor has begun to serve, and does not say so: %s", e.getMessage());
            }
        }
    }

    /** This service goes on where it paused. */
    void goOn() {
        if (!token.take()) {
            LOG.warn("hand-over: the successor had begun to serve; what it did last may be done again");
        }
        transfer.proceed();
        frozen.forEach(HandoverPart::thaw);
    }

    /** Lets go of the devices: the successor serves. */
    void end() {
        try {
            transfer.abandon();
        } catch (DeviceException e) {
            LOG.warnf("hand-over: %s", e.getMessage());
        }
    }

    @Override
    public void close() {
        token.close();
    }
}
