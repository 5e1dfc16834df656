package io.clocktower.handover;

import io.clocktower.device.DeviceHost;
import io.clocktower.handover.Link.Type;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.UnixSocket;
import io.clocktower.spec.DeviceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Waits for a successor at a socket in the state directory, and hands the service over to it. Until the successor serves,
 * whatever fails leaves this service serving. It has a thread of its own.
 */
public final class Predecessor implements AutoCloseable {

    /** The socket's name in the state directory. */
    public static final String SOCKET = "handover.sock";

    private static final Logger LOG = Logger.getLogger(Predecessor.class);
    static final Duration GREETING = Duration.ofSeconds(10);
    /** A successor starts between its greeting and its question. */
    private static final Duration START = Duration.ofMinutes(5);
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

        /** The successor serves, and waits for the state directory. */
        void releaseState();

        /** The hand-over failed, and no successor is left that could take over. */
        void onFailure();

        /** All is handed over. */
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
            Rehearsal.run();
            link.receive(Type.TAKE, START);
        } catch (IOException e) {
            onFailure(pid, e);
            return;
        }
        try (var handing = new Handing(link, devices, parts, owner.release())) {
            handOver(handing, pid);
        }
    }

    private void handOver(Handing handing, long pid) {
        long startNs = 0;
        try {
            handing.freeze();
            owner.onPause();
            startNs = System.nanoTime();
            handing.pass();
            handing.awaitServing();
        } catch (IOException | DeviceException | RuntimeException | Error e) {
            handing.goOn();
            onFailure(pid, e);
            return;
        }
        isReplaced = true;
        owner.releaseState();
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
