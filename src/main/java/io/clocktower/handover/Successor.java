package io.clocktower.handover;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.event.DeviceEvents;
import io.clocktower.handover.Link.Type;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Takes a running service over. The steps are in the order of the methods; one thread at a time takes them. */
public final class Successor implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Link link;
    private HandoverRecord record;

    private Successor(Link link) {
        this.link = link;
    }

    /**
     * Finds the running service.
     *
     * @param stateDirectory of both
     * @param release of this one
     * @throws IOException if no service runs there, or it refuses
     */
    public static Successor connect(Path stateDirectory, String release) throws IOException {
        Path path = stateDirectory.resolve(Predecessor.SOCKET);
        Link link;
        try {
            link = new Link(UnixSocket.connect(path));
        } catch (LinuxException e) {
            throw new IOException("no service to take over from at %s: %s".formatted(path, e.getMessage()), e);
        }
        boolean isWelcome = false;
        try {
            link.send(Type.HELLO, HandoverRecord.FORMAT + " " + release, PATIENCE);
            link.receive(Type.WELCOME, PATIENCE);
            isWelcome = true;
            return new Successor(link);
        } finally {
            if (!isWelcome) {
                link.close();
            }
        }
    }

    /** Has the service pause, and takes all of it; descriptors are the caller's. */
    public List<DeviceSnapshot> take(LeapSeconds leapSeconds) throws IOException {
        link.send(Type.TAKE, PATIENCE);
        byte[] payload = link.receive(Type.RECORD, PATIENCE);
        int descriptors = ByteBuffer.wrap(payload).getInt();
        List<Descriptor> files = link.receiveFiles(descriptors, PATIENCE);
        record = HandoverJson.read(Arrays.copyOfRange(payload, Integer.BYTES, payload.length), files);
        List<DeviceSnapshot> snapshots = new ArrayList<>();
        for (HandoverRecord.Device device : record.devices()) {
            snapshots.add(HandoverJson.snapshot(device, leapSeconds));
        }
        return snapshots;
    }

    /** All of it is prepared. Waits until the state directory is free. */
    public void ready() throws IOException {
        link.send(Type.READY, PATIENCE);
        link.receive(Type.COMMIT, PATIENCE);
    }

    /** From here on this process serves: the other one does not touch anything any more. */
    public void taken() throws IOException {
        link.send(Type.TAKEN, PATIENCE);
    }

    public DeviceEvents.Kept events() {
        return record.events();
    }

    /** Gives each part what it goes on from. */
    public void resume(List<HandoverPart> parts) throws IOException {
        for (HandoverPart part : parts) {
            var before = record.parts().get(part.name());
            if (before != null) {
                part.resume(HandoverJson.bytes(before));
            }
        }
    }

    /** This process serves; the other one ends. */
    public void serving() throws IOException {
        link.send(Type.SERVING, PATIENCE);
    }

    /** What was taken, for the log. */
    public String release() {
        return record.release();
    }

    @Override
    public void close() {
        link.close();
    }
}
