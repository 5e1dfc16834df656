package io.clocktower.handover;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.DeviceHost;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.device.DeviceTransfer;
import io.clocktower.host.SystemHostClock;
import io.clocktower.linux.AnonymousFile;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.UnixSocket;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.state.DeviceRecord;
import io.clocktower.status.DeviceCounters;
import io.clocktower.vhostuser.FrontEndState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jboss.logging.Logger;

/**
 * Hands a made-up device over within this process, before guests have to wait for a real hand-over: all that a process does for
 * the first time takes much longer.
 */
final class Rehearsal {

    private static final Logger LOG = Logger.getLogger(Rehearsal.class);
    private static final int TIMES = 10;
    private static final int MEMORY_BYTES = 4096;
    private static final int RING_SIZE = 8;
    private static final FrontEndState.Addresses AREAS = new FrontEndState.Addresses(0, 1024, 2048,
            OptionalLong.empty());
    /** No socket file can be there. */
    private static final Path SOCKET = Path.of("/proc/rehearsal.sock");

    private Rehearsal() {}

    /** Rehearses; if that fails, the hand-over takes longer. */
    static void run() {
        try {
            rehearse();
        } catch (IOException | DeviceException | RuntimeException e) {
            LOG.warnf("hand-over: the rehearsal failed: %s", e.getMessage());
        }
    }

    static void rehearse() throws IOException, DeviceException {
        LeapSeconds leapSeconds = LeapSeconds.builtIn();
        try (DeviceHost one = host(leapSeconds); DeviceHost other = host(leapSeconds)) {
            List<Descriptor> connection = UnixSocket.pair();
            try (Descriptor _ = connection.getLast()) {
                DeviceTransfer first = one.transfer();
                first.resume(List.of(made(connection.getFirst(), one.now(), leapSeconds)));
                first.proceed();
                first.await();
                DeviceHost from = one;
                DeviceHost to = other;
                for (int i = 0; i < TIMES; i++) {
                    handOver(from, to, leapSeconds);
                    DeviceHost next = from;
                    from = to;
                    to = next;
                }
                DeviceTransfer last = from.transfer();
                last.pause();
                last.abandon();
            }
        }
    }

    private static DeviceHost host(LeapSeconds leapSeconds) {
        return new DeviceHost(new SystemHostClock(leapSeconds), leapSeconds, 1, false);
    }

    private static void handOver(DeviceHost from, DeviceHost to, LeapSeconds leapSeconds)
            throws IOException, DeviceException {
        List<Descriptor> link = UnixSocket.pair();
        try (var successor = new Successor(new Link(link.getLast()))) {
            CompletableFuture<Void> handing = CompletableFuture
                    .runAsync(() -> handOver(new Link(link.getFirst()), from), Rehearsal::start);
            var takeOver = new TakeOver(successor, to, List.of(), List.of());
            takeOver.prepare(leapSeconds);
            takeOver.serve();
            handing.join();
            to.transfer().await();
        } catch (CompletionException e) {
            throw new IOException(e.getCause().getMessage(), e.getCause());
        }
    }

    private static void start(Runnable predecessor) {
        Thread.ofPlatform().name("handover-rehearsal").daemon().start(predecessor);
    }

    private static void handOver(Link link, DeviceHost from) {
        try (link; var handing = new Handing(link, from, List.of(), "")) {
            handing.freeze();
            link.receive(Link.Type.TAKE, Predecessor.GREETING);
            handing.pass();
            handing.awaitServing();
            handing.end();
        } catch (IOException | DeviceException e) {
            throw new CompletionException(e);
        }
    }

    private static DeviceSnapshot made(Descriptor socket, HostInstant now, LeapSeconds leapSeconds) throws IOException {
        var spec = new DeviceSpec("rehearsal", SOCKET, ClockSpec.DEFAULTS, Optional.empty(), DeviceSpec.POLL_WINDOW,
                Map.of());
        DeviceRecord record = DeviceRecord.create(spec, false, leapSeconds, now);
        DeviceCounters.Counts counts = new DeviceCounters(new SystemHostClock(leapSeconds), ClockSpec.DEFAULTS.size())
                .counts();
        var frontEnd = new FrontEndState(socket, 0, 0, false, 0, List.of(region()), List.of(), List.of(ring(), ring()),
                new FrontEndState.Received(List.of(), List.of()), null, null);
        return new DeviceSnapshot(record, counts, Map.of(), Optional.empty(),
                new DeviceSnapshot.Socket(EventFd.create().descriptor(), false, false), Optional.of(frontEnd));
    }

    private static FrontEndState.Region region() throws IOException {
        Descriptor file = new AnonymousFile("rehearsal", new byte[MEMORY_BYTES]).descriptor();
        return new FrontEndState.Region(new MemoryRegion.Place(0, 0, MEMORY_BYTES, 0), file);
    }

    private static FrontEndState.Ring ring() {
        return new FrontEndState.Ring(RING_SIZE, OptionalInt.of(0), Optional.of(AREAS), true, true, true, false, false,
                false, EventFd.create().descriptor(), EventFd.create().descriptor(), null);
    }
}
