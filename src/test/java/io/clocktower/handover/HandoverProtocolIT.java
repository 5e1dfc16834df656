package io.clocktower.handover;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.Effect;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.Devices;
import io.clocktower.device.OpenDescriptors;
import io.clocktower.event.DeviceEvents;
import io.clocktower.fault.FaultRequest;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Libc;
import io.clocktower.handover.Link.Type;
import io.clocktower.hosted.DeviceSnapshot;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.PassingSocket;
import io.clocktower.linux.UnixSocket;
import io.clocktower.spec.DeviceVersion;
import io.clocktower.vhostuser.FrontEndState;
import io.clocktower.vhostuser.HostLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A service and a successor in one process: what they say to each other, and what happens when one of them falls silent. */
class HandoverProtocolIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String RECORDED = "/handover/format-1.json";

    @TempDir
    private Path directory;
    private Devices devices;
    private Service service;
    private Predecessor predecessor;

    /** Remembers what is asked of it. */
    private static final class Service implements Predecessor.Owner {

        private final BlockingQueue<String> calls = new LinkedBlockingQueue<>();
        private volatile Optional<String> refusal = Optional.empty();

        void await(String... expected) throws InterruptedException {
            for (String call : expected) {
                assertEquals(call, calls.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS));
            }
        }

        @Override
        public String release() {
            return "1.2.3";
        }

        @Override
        public Optional<String> refusal() {
            return refusal;
        }

        @Override
        public void onSuccessor() {
            calls.add("successor");
        }

        @Override
        public void onPause() {
            calls.add("pause");
        }

        @Override
        public void releaseState() {
            calls.add("release");
        }

        @Override
        public void onFailure() {
            calls.add("failure");
        }

        @Override
        public void end() {
            calls.add("end");
        }
    }

    @BeforeEach
    void start() throws Exception {
        devices = new Devices("vm0");
        service = new Service();
        predecessor = Predecessor.listen(directory, devices.host(), List.of(), service);
    }

    @AfterEach
    void stop() throws Exception {
        predecessor.close();
        devices.close();
    }

    private Link greeted() throws IOException {
        var link = new Link(UnixSocket.connect(directory.resolve(Predecessor.SOCKET)));
        link.send(Type.HELLO, HandoverRecord.FORMAT + " test", PATIENCE);
        assertEquals("1.2.3", new String(link.receive(Type.WELCOME, PATIENCE), StandardCharsets.UTF_8));
        return link;
    }

    @Test
    void aSuccessorTakesTheDevicesOver() throws Exception {
        try (var guest = new Guest(devices.socket("vm0"))) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            Devices next = devices.successor(HostLimits.ofKernel(false));
            try (Successor successor = Successor.connect(directory, "test")) {
                var takeOver = new TakeOver(successor, next.host(), List.of(), List.of());
                takeOver.prepare(LeapSeconds.builtIn());
                takeOver.serve();
                assertTrue(takeOver.summary().startsWith("took 1 devices over from release 1.2.3 in "));
            }
            service.await("successor", "pause", "release", "end");
            assertTrue(devices.host().specs().isEmpty());
            devices.host().close();
            devices = next;
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(2, devices.status("vm0").clocks().get(1).reads());
        }
    }

    /** After which step the successor dies. */
    private enum Death {
        HELLO, TAKE, RECORD, TOKEN
    }

    @ParameterizedTest
    @EnumSource
    void aSuccessorThatDiesLeavesTheServiceServing(Death death) throws Exception {
        try (var guest = new Guest(devices.socket("vm0"))) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            try (Link link = greeted()) {
                if (death.compareTo(Death.TAKE) >= 0) {
                    link.send(Type.TAKE, PATIENCE);
                }
                if (death.compareTo(Death.RECORD) >= 0) {
                    byte[] record = link.receive(Type.RECORD, PATIENCE);
                    List<Descriptor> files = link.receiveFiles(ByteBuffer.wrap(record).getInt(), PATIENCE);
                    assertFalse(devices.host().waitingCommands().isEmpty());
                    try (Token token = Token.adopt(files.getLast())) {
                        assertTrue(death != Death.TOKEN || token.take());
                    }
                    files.forEach(Descriptor::close);
                }
            }
            service.await("successor");
            if (death != Death.HELLO) {
                service.await("pause");
            }
            service.await("failure");
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(2, devices.status("vm0").clocks().get(1).reads());
            assertTrue(service.calls.isEmpty());
            greeted().close();
        }
    }

    /** A predecessor that a test moves step by step, in place of the one that listens. */
    private final class Steps implements AutoCloseable {

        private final List<Descriptor> pair = UnixSocket.pair();
        private final Link link = new Link(pair.getFirst());
        private final Handing handing = new Handing(link, devices.host(), List.of(), "1.2.3");
        private final Devices next = devices.successor(HostLimits.ofKernel(false));
        private final Successor successor = new Successor(new Link(pair.getLast()));
        private final TakeOver takeOver = new TakeOver(successor, next.host(), List.of(), List.of());

        private boolean isDead;

        private Steps() throws IOException {}

        void die() {
            link.close();
            isDead = true;
        }

        void pass() throws Exception {
            handing.freeze();
            handing.pass();
        }

        @Override
        public void close() {
            successor.close();
            handing.close();
            if (!isDead) {
                link.close();
            }
        }
    }

    /** It has all that it needs, and the other one cannot come back. */
    @Test
    void aPredecessorThatDiesAfterTheRecordIsReplaced() throws Exception {
        try (var guest = new Guest(devices.socket("vm0")); var steps = new Steps()) {
            assertEquals(OK, guest.request(REQUEST, 16).status());
            steps.pass();
            steps.takeOver.prepare(LeapSeconds.builtIn());
            // A process that dies closes what it has, and touches nothing.
            steps.die();
            steps.handing.end();
            devices.host().close();
            devices = steps.next;

            steps.takeOver.serve();

            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(2, devices.status("vm0").clocks().get(1).reads());
        }
    }

    /** A successor that is late must not serve beside it, whether the predecessor still lives or not. */
    @Test
    void aSuccessorDoesNotServeOnceThePredecessorWentOn() throws Exception {
        try (var guest = new Guest(devices.socket("vm0")); var steps = new Steps()) {
            steps.pass();
            steps.takeOver.prepare(LeapSeconds.builtIn());
            steps.handing.goOn();
            steps.die();

            assertThrows(IOException.class, steps.takeOver::serve);
            steps.takeOver.giveUp();

            steps.next.host().close();
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(1, devices.status("vm0").clocks().get(1).reads());
        }
    }

    @Test
    void aPredecessorThatDiesBeforeTheRecordIsNotReplacedButGone() throws Exception {
        try (var steps = new Steps()) {
            steps.die();
            assertThrows(PredecessorGoneException.class, () -> steps.takeOver.prepare(LeapSeconds.builtIn()));
            steps.takeOver.giveUp();
            steps.next.host().close();
        }
    }

    /** The socket of a process that was killed is still there. */
    @Test
    void aServiceThatHasDiedIsGone() throws Exception {
        Path other = Files.createDirectory(directory.resolve("other"));
        UnixSocket.listen(other.resolve(Predecessor.SOCKET)).close();
        assertThrows(PredecessorGoneException.class, () -> Successor.connect(other, "test").close());
    }

    @Test
    void theRehearsalIsAWholeHandover() throws Exception {
        long descriptors = OpenDescriptors.settled();
        Rehearsal.rehearse();
        OpenDescriptors.await(descriptors);
    }

    @Test
    void anotherFormatIsRefused() throws Exception {
        try (var link = new Link(UnixSocket.connect(directory.resolve(Predecessor.SOCKET)))) {
            link.send(Type.HELLO, "999 of the future", PATIENCE);
            IOException refused = assertThrows(IOException.class, () -> link.receive(Type.WELCOME, PATIENCE));
            assertEquals("it reads hand-overs of format 999, and this service, release 1.2.3, writes format 1",
                    refused.getMessage());
        }
        service.await("failure");
    }

    @Test
    void aServiceThatCannotBeHandedOverSaysWhy() throws Exception {
        service.refusal = Optional.of("the running service is stopping");
        IOException refused = assertThrows(IOException.class, () -> Successor.connect(directory, "test").close());
        assertEquals("the running service is stopping", refused.getMessage());
    }

    @Test
    void withoutAServiceThereIsNothingToTakeOver() {
        IOException refused = assertThrows(IOException.class,
                () -> Successor.connect(directory.resolve("nothing"), "test").close());
        assertTrue(refused.getMessage().startsWith("no service to take over from at "), refused.getMessage());
    }

    /** Whatever is said in place of a message, the service goes on. */
    @Test
    void nonsenseIsNoHandover() throws Exception {
        byte[][] nonsense = {{1}, new byte[64], {0, 0, 0, 9, 0, 0, 0, 0}, {-1, -1, -1, -1, -1, -1, -1, -1},
                {0, 0, 0, 0, 127, -1, -1, -1}};
        for (byte[] bytes : nonsense) {
            try (var socket = new PassingSocket(
                    UnixSocket.connect(directory.resolve(Predecessor.SOCKET)))) {
                socket.send(bytes, List.of(), PATIENCE);
            }
            service.await("failure");
        }
        greeted().close();
    }

    /** What this release wrote, a later one has to read. The descriptors are stand-ins. */
    @Test
    void aRecordedHandoverOfThisReleaseIsRead() throws Exception {
        byte[] json;
        try (var recorded = getClass().getResourceAsStream(RECORDED)) {
            json = recorded.readAllBytes();
        }
        List<Descriptor> descriptors = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            descriptors.add(Libc.eventFd());
        }
        HandoverRecord record = HandoverJson.read(json, descriptors);
        DeviceSnapshot device = HandoverJson.snapshot(record.devices().getFirst(), LeapSeconds.builtIn());
        try {
            assertEquals("vm0", device.name());
            assertEquals(1, device.record().faults().list().size());
            assertEquals(-300_000_000_000L,
                    ((Effect.Step) device.record().faults().list().getFirst().effect()).offsetNs());
            assertEquals(ClockSpec.DEFAULTS, device.record().spec().clocks());
            assertEquals(2, device.counts().reads().get(1));
            FrontEndState frontEnd = device.frontEnd().orElseThrow();
            assertEquals(1, frontEnd.regions().size());
            assertEquals(0x4000_0000L, frontEnd.regions().getFirst().place().guestAddress());
            assertEquals(2, frontEnd.rings().getFirst().base().orElseThrow());
            assertTrue(frontEnd.rings().getFirst().isOpen());
            assertFalse(record.events().events().isEmpty());
            assertTrue(record.events().lastId() >= record.events().events().getLast().id());
        } finally {
            device.close();
        }
    }

    /** As one that a build before this release wrote: a device that it takes over logs no writes. */
    @Test
    void aRecordWithoutDirtyLogsIsRead() throws Exception {
        String json;
        try (var recorded = getClass().getResourceAsStream(RECORDED)) {
            json = new String(recorded.readAllBytes(), StandardCharsets.UTF_8);
        }
        String before = json.replaceAll(",\"log\":(null|\\{[^}]*\\})", "");
        assertFalse(before.contains("\"log\""), before);
        List<Descriptor> descriptors = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            descriptors.add(Libc.eventFd());
        }
        HandoverRecord.Device device = HandoverJson.read(before.getBytes(StandardCharsets.UTF_8), descriptors)
                .devices().getFirst();
        FrontEndState frontEnd = device.frontEnd().orElseThrow();
        try {
            assertNull(frontEnd.log().file());
            assertTrue(frontEnd.rings().getFirst().addresses().orElseThrow().log().isEmpty());
        } finally {
            frontEnd.close();
            device.socket().listening().close();
        }
    }

    /** The recorded one is of this shape: a changed record needs another format, or a reader of both. */
    @Test
    void whatIsWrittenNowHasTheShapeOfTheRecordedOne() throws Exception {
        byte[] recorded;
        try (var file = getClass().getResourceAsStream(RECORDED)) {
            recorded = file == null ? new byte[]{'{', '}'} : file.readAllBytes();
        }
        byte[] now = record();
        if (System.getProperty("handover.record") != null) {
            Files.write(Path.of(System.getProperty("handover.record")), now);
        }
        assertEquals(shape(recorded), shape(now));
    }

    private byte[] record() throws Exception {
        try (DeviceEvents.Subscription _ = devices.host().events().subscribe(_ -> {});
                var guest = new Guest(devices.socket("vm0"))) {
            devices.host().changes().inject("vm0", DeviceVersion.ANY, Optional.of("late"),
                    new FaultRequest(Optional.empty(), new Effect.Step(-300_000_000_000L), Optional.empty(),
                            Optional.empty(), "tester", "a test"));
            assertEquals(OK, guest.request(REQUEST, 16).status());
            assertEquals(OK, guest.request(REQUEST, 16).status());
            try (Link link = greeted()) {
                link.send(Type.TAKE, PATIENCE);
                byte[] payload = link.receive(Type.RECORD, PATIENCE);
                link.receiveFiles(ByteBuffer.wrap(payload).getInt(), PATIENCE).forEach(Descriptor::close);
                return Arrays.copyOfRange(payload, Integer.BYTES, payload.length);
            }
        }
    }

    /** The names of all members, sorted, and how they are nested. */
    private static String shape(byte[] json) throws IOException {
        var paths = new TreeSet<String>();
        collect("", new ObjectMapper().readTree(json), paths);
        return String.join("\n", paths);
    }

    private static void collect(String path, JsonNode node,
            Set<String> paths) {
        node.properties().forEach(member -> {
            paths.add(path + "/" + member.getKey());
            collect(path + "/" + member.getKey(), member.getValue(), paths);
        });
        node.forEach(element -> {
            if (node.isArray()) {
                collect(path + "[]", element, paths);
            }
        });
    }
}
