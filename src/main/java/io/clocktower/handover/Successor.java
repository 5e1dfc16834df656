package io.clocktower.handover;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.event.DeviceEvents;
import io.clocktower.handover.Link.Type;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Errno;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.UnixSocket;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.jboss.logging.Logger;

/** Takes a running service over. The steps are in the order of the methods; one thread at a time takes them. */
public final class Successor implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Successor.class);
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Link link;
    private HandoverRecord record;
    private long arrivedNs;

    private Token token;

    Successor(Link link) {
        this.link = link;
    }

    /**
     * Finds the running service.
     *
     * @param stateDirectory of both
     * @param release of this one
     * @throws PredecessorGoneException if one has run there
     * @throws IOException if no service runs there, or it refuses
     */
    public static Successor connect(Path stateDirectory, String release) throws IOException {
        Path path = stateDirectory.resolve(Predecessor.SOCKET);
        Link link;
        try {
            link = new Link(UnixSocket.connect(path));
        } catch (LinuxException e) {
            if (e.errno() == Errno.ECONNREFUSED) {
                throw new PredecessorGoneException("the running service has ended", e);
            }
            throw new IOException("no service to take over from at %s: %s".formatted(path, e.getMessage()), e);
        }
        boolean isWelcome = false;
        try {
            link.send(Type.HELLO, HandoverRecord.FORMAT + " " + release, PATIENCE);
            link.receive(Type.WELCOME, PATIENCE);
            isWelcome = true;
            return new Successor(link);
        } catch (EOFException e) {
            throw new PredecessorGoneException(e.getMessage(), e);
        } finally {
            if (!isWelcome) {
                link.close();
            }
        }
    }

    /** Makes what comes fast, before guests wait for it. */
    public static void rehearse() {
        Rehearsal.run();
        // What the start left is not collected while guests wait.
        System.gc();
    }

    /**
     * Has the service pause, and takes all of it; descriptors are the caller's. From here on the service is not needed any
     * more.
     *
     * @throws PredecessorGoneException if it ends before all has come
     * @throws IOException if it cannot be understood; no descriptor is left then
     */
    public List<DeviceSnapshot> take(LeapSeconds leapSeconds) throws IOException {
        Link.Received received;
        try {
            link.send(Type.TAKE, PATIENCE);
            received = link.receiveRecord(PATIENCE);
        } catch (EOFException e) {
            throw new PredecessorGoneException(e.getMessage(), e);
        }
        arrivedNs = System.nanoTime();
        List<Descriptor> files = new ArrayList<>(received.files());
        try {
            token = token(files);
            record = HandoverJson.read(received.json(), files);
        } finally {
            files.forEach(Descriptor::close);
        }
        return snapshots(leapSeconds);
    }

    private static Token token(List<Descriptor> files) throws IOException {
        try {
            Token token = Token.adopt(files.getLast());
            files.removeLast();
            return token;
        } catch (NoSuchElementException | IllegalArgumentException e) {
            throw new IOException("the record has no token", e);
        }
    }

    private List<DeviceSnapshot> snapshots(LeapSeconds leapSeconds) throws IOException {
        List<DeviceSnapshot> snapshots = new ArrayList<>();
        try {
            for (HandoverRecord.Device device : record.devices()) {
                snapshots.add(HandoverJson.snapshot(device, leapSeconds));
            }
            return snapshots;
        } finally {
            if (snapshots.size() < record.devices().size()) {
                record.close();
            }
        }
    }

    /**
     * Takes the right to serve.
     *
     * @throws IOException if the predecessor goes on, or did so before it ended
     */
    public void begin() throws IOException {
        if (!token.take()) {
            throw new IOException("the running service goes on, as it had no answer in time");
        }
    }

    /** When the record had arrived, on the clock of {@link System#nanoTime}. */
    public long arrivedNs() {
        return arrivedNs;
    }

    public DeviceEvents.Kept events() {
        return record.events();
    }

    /** Gives each part what it goes on from. One that cannot be understood begins with nothing. */
    public void resume(List<HandoverPart> parts) {
        for (HandoverPart part : parts) {
            var before = record.parts().get(part.name());
            if (before != null) {
                try {
                    part.resume(HandoverJson.bytes(before));
                } catch (IOException | RuntimeException e) {
                    LOG.errorf("hand-over: the %s of the running service are lost: %s", part.name(), e.getMessage());
                }
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
        if (token != null) {
            token.close();
        }
    }
}
