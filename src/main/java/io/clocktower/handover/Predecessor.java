package io.clocktower.handover;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceTransfer;
import io.clocktower.handover.Link.Type;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.UnixSocket;
import io.clocktower.spec.DeviceException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Waits for a successor at a socket in the state directory, and hands the service over to it. Until the successor says that it
 * serves, whatever fails leaves this service serving. It has a thread of its own.
 */
public final class Predecessor implements AutoCloseable {

    /** The socket's name in the state directory. */
    public static final String SOCKET = "handover.sock";

    private static final Logger LOG = Logger.getLogger(Predecessor.class);
    private static final Duration GREETING = Duration.ofSeconds(10);
    /** A successor starts between its greeting and its question. */
    private static final Duration START = Duration.ofMinutes(5);
    /** Guests wait so long at the most before this service goes on. */
    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final int FOR_EVER = -1;
    private static final int EVENTS = 2;

    private final Path path;
    private final Descriptor listening;
    private final DeviceHost devices;
    private final List<HandoverPart> parts;
    private final Owner owner;
    private final Epoll epoll = new Epoll(EVENTS);
    private final EventFd wakeUp = EventFd.create();
    private final Thread thread;
    private volatile boolean isClosed;
    private volatile boolean isReplaced;

    /** The service that is handed over. Each call comes on the predecessor's thread. */
    public interface Owner {

        /** Its release. */
        String release();

        /** Why it cannot be handed over now. */
        Optional<String> refusal();

        /** A successor is starting: both may listen at the port of HTTP. */
        void onSuccessor();

        /** Guests and callers wait from now on. */
        void onPause();

        /** The state directory is free for the successor. */
        void releaseState();

        /** The hand-over failed: takes the state directory back if it was released. */
        void reclaimState();

        /** The hand-over failed, and no successor is left that could take over. */
        void onFailure();

        /** The successor serves. */
        void end();
    }

    private Predecessor(Path path, Descriptor listening, DeviceHost devices, List<HandoverPart> parts, Owner owner) {
        this.path = path;
        this.listening = listening;
        this.devices = devices;
        this.parts = parts;
        this.owner = owner;
        epoll.add(listening.number(), Epoll.EPOLLIN, 0);
        epoll.add(wakeUp.number(), Epoll.EPOLLIN, 1);
        thread = Thread.ofPlatform().name("handover").daemon().start(this::run);
    }

    /**
     * Waits for successors from now on.
     *
     * @param stateDirectory which this process has locked
     * @throws IOException if it cannot listen there
     */
    public static Predecessor listen(Path stateDirectory, DeviceHost devices, List<HandoverPart> parts, Owner owner)
            throws IOException {
        Path path = stateDirectory.resolve(SOCKET);
        Files.deleteIfExists(path);
        try {
            return new Predecessor(path, UnixSocket.listen(path), devices, parts, owner);
        } catch (LinuxException e) {
            throw new IOException(path + ": " + e.getMessage(), e);
        }
    }

    private void run() {
        while (!isClosed && !isReplaced) {
            try {
                epoll.await(FOR_EVER);
                Descriptor successor = isClosed ? null : UnixSocket.accept(listening.number());
                if (successor != null) {
                    try (var link = new Link(successor)) {
                        serve(link);
                    }
                }
            } catch (RuntimeException | Error e) {
                LOG.error("hand-over: unexpected failure; this service goes on", e);
            }
        }
    }

    private void serve(Link link) {
        long pid = link.peer().pid();
        try {
            greet(link);
            owner.onSuccessor();
            LOG.infof("hand-over: a successor, process %d, is starting", pid);
            Rehearsal.run(devices, LeapSeconds.builtIn());
            link.receive(Type.TAKE, START);
        } catch (IOException e) {
            onFailure(pid, e);
            return;
        }
        long startNs = System.nanoTime();
        var handing = new Handing(link);
        try {
            owner.onPause();
            handing.prepare();
            handing.commit();
        } catch (IOException | DeviceException | RuntimeException | Error e) {
            handing.giveUp();
            onFailure(pid, e);
            return;
        }
        isReplaced = true;
        LOG.infof("hand-over: process %d serves since %d ms after the pause began; this one ends", pid,
                Duration.ofNanos(System.nanoTime() - startNs).toMillis());
        handing.end();
        owner.end();
    }

    private void onFailure(long pid, Throwable failure) {
        owner.onFailure();
        LOG.warnf("hand-over to process %d failed: %s; this service goes on", pid, failure.getMessage());
    }

    private void greet(Link link) throws IOException {
        String hello = new String(link.receive(Type.HELLO, GREETING), StandardCharsets.UTF_8);
        Optional<String> refusal = owner.refusal();
        if (refusal.isEmpty() && !hello.startsWith(HandoverRecord.FORMAT + " ")) {
            refusal = Optional.of("it reads hand-overs of format %s, and this service, release %s, writes format %d"
                    .formatted(hello.split(" ")[0], owner.release(), HandoverRecord.FORMAT));
        }
        if (refusal.isPresent()) {
            link.send(Type.REFUSED, refusal.get(), GREETING);
            throw new IOException(refusal.get());
        }
        link.send(Type.WELCOME, owner.release(), GREETING);
    }

    /** One try to hand everything over. */
    private final class Handing {

        private final Link link;
        private final DeviceTransfer transfer = devices.transfer();
        private final List<HandoverPart> frozen = new ArrayList<>();
        private boolean isReleased;

        Handing(Link link) {
            this.link = link;
        }

        /** Pauses all, and sends it. */
        void prepare() throws IOException, DeviceException {
            for (HandoverPart part : parts) {
                frozen.add(part);
                part.freeze();
            }
            List<DeviceSnapshot> snapshots = transfer.pause();
            Map<String, byte[]> states = new LinkedHashMap<>();
            parts.forEach(part -> states.put(part.name(), part.state()));
            HandoverJson.Written record = HandoverJson.write(owner.release(), snapshots, devices.events().kept(),
                    states);
            byte[] payload = ByteBuffer.allocate(Integer.BYTES + record.json().length)
                    .putInt(record.descriptors().size()).put(record.json()).array();
            link.send(Type.RECORD, payload, List.of(), PAUSE);
            link.sendFiles(record.descriptors(), PAUSE);
            link.receive(Type.READY, PAUSE);
        }

        /** After the successor's TAKEN this service touches nothing that guests see. */
        void commit() throws IOException {
            isReleased = true;
            owner.releaseState();
            link.send(Type.COMMIT, PAUSE);
            try {
                link.receive(Type.TAKEN, PAUSE);
            } catch (EOFException e) {
                throw e;
            } catch (IOException late) {
                // From here on it cannot say so any more, unless it did in this moment.
                link.shutDown();
                link.receive(Type.TAKEN, PAUSE);
            }
            link.receive(Type.SERVING, PAUSE);
        }

        void giveUp() {
            try {
                if (isReleased) {
                    owner.reclaimState();
                }
            } finally {
                transfer.proceed();
                frozen.forEach(HandoverPart::thaw);
            }
        }

        void end() {
            try {
                transfer.abandon();
            } catch (DeviceException e) {
                LOG.warnf("hand-over: %s", e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        isClosed = true;
        wakeUp.signal();
        try {
            // It may be handing over, and this is its end then.
            if (thread != Thread.currentThread() && thread.join(GREETING)) {
                listening.close();
                epoll.close();
                wakeUp.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!isReplaced) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                LOG.debugf("%s cannot be deleted: %s", path, e.getMessage());
            }
        }
    }
}
