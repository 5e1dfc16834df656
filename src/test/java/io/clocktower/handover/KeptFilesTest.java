package io.clocktower.handover;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.handover.Link.Type;
import io.clocktower.hosted.KeptConnection;
import io.clocktower.linux.AnonymousFile;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.UnixSocket;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.vhostuser.FrontEndState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The one descriptor in which a connection waits for the next process. */
class KeptFilesTest {

    private static final byte[] MEMORY = {1, 2, 3, 4};

    private final KeptFiles files = files();
    private final KeptConnection connection = connection(1);

    private static KeptFiles files() {
        try {
            return KeptFiles.create();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static KeptConnection connection(int regions) {
        try {
            List<Descriptor> pair = UnixSocket.pair();
            pair.getLast().close();
            List<FrontEndState.Region> memory = new ArrayList<>();
            for (int i = 0; i < regions; i++) {
                memory.add(new FrontEndState.Region(new MemoryRegion.Place(0, 4096, 4096, 0),
                        new AnonymousFile("guest", MEMORY).descriptor()));
            }
            var ring = new FrontEndState.Ring(8, OptionalInt.of(5), Optional.empty(), true, true, true, false, false,
                    false, EventFd.create().descriptor(), EventFd.create().descriptor(), null);
            return new KeptConnection(ClockSpec.DEFAULTS,
                    new FrontEndState(pair.getFirst(), 7, 9, false, 15, memory, List.of(),
                            List.of(ring), new FrontEndState.Received(List.of(), List.of()), null, null),
                    Optional.empty());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() {
        files.close();
        connection.frontEnd().close();
    }

    /** What the next process finds, after this one has closed all that it had. */
    private Optional<KeptFiles.Left> opened(List<String> why) {
        Descriptor stored = files.socket().duplicate();
        files.close();
        connection.frontEnd().close();
        return KeptFiles.open(stored, why);
    }

    private void assertRefused(String reason) {
        List<String> why = new ArrayList<>();
        assertEquals(Optional.empty(), opened(why));
        assertTrue(why.getFirst().contains(reason), why::getFirst);
    }

    @Test
    void theNextProcessFindsTheNewestRecord() throws Exception {
        for (int changes = 0; changes < 20; changes++) {
            files.count(changes);
            files.write(connection, changes);
        }
        KeptFiles.Left left = opened(new ArrayList<>()).orElseThrow();
        try (KeptFiles found = left.files()) {
            FrontEndState state = left.connection().frontEnd();
            assertEquals(19, found.counted());
            assertEquals(7, state.features());
            assertEquals(OptionalInt.of(5), state.rings().getFirst().base());
            assertArrayEquals(MEMORY, Files.readAllBytes(
                    Path.of("/proc/self/fd", Integer.toString(state.regions().getFirst().file().number()))));
            state.close();
        }
    }

    /** Also a process that ends before it has gone on with anything leaves it to the next one. */
    @Test
    void aRecordThatIsFoundStaysUntilItIsReplaced() throws Exception {
        files.write(connection, 0);
        KeptFiles.Left left = opened(new ArrayList<>()).orElseThrow();
        left.connection().frontEnd().close();
        Descriptor stored = left.files().socket().duplicate();
        left.files().close();
        KeptFiles.Left again = KeptFiles.open(stored, new ArrayList<>()).orElseThrow();
        again.connection().frontEnd().close();
        again.files().close();
    }

    @Test
    void aRecordBeforeTheLastChangeIsRefused() throws Exception {
        files.write(connection, 0);
        files.count(1);
        assertRefused("it changed while the process ended");
    }

    @Test
    void anEmptyQueueIsRefused() throws Exception {
        files.write(connection, 0);
        files.empty();
        assertRefused("there is no record");
    }

    /** The process was killed while it wrote. */
    @Test
    void aRecordThatIsNotWholeIsRefused() throws Exception {
        try (var cut = new Link(files.writing().duplicate())) {
            cut.send(Type.RECORD, ByteBuffer.allocate(6).putInt(3).array(), List.of(), Duration.ofSeconds(1));
        }
        assertRefused("there is no record");
    }

    @Test
    void anotherSocketIsRefused() {
        List<String> why = new ArrayList<>();
        assertEquals(Optional.empty(), KeptFiles.open(UnixSocket.pair().getFirst(), why));
        assertEquals(1, why.size());
    }

    @Test
    void writingLeavesNoDescriptorBehind() throws Exception {
        files.write(connection, 0);
        long before = descriptors();
        for (int i = 1; i < 100; i++) {
            files.write(connection, i);
        }
        assertEquals(before, descriptors());
    }

    /** A record that the queue has no room for leaves the queue usable. */
    @Test
    void aRecordThatDoesNotFitIsRefusedAndTheNextOneIsWritten() throws Exception {
        FrontEndState state = connection.frontEnd();
        var received = new FrontEndState.Received(Collections.nCopies(1 << 20, (byte) 0), List.of());
        var large = new KeptConnection(ClockSpec.DEFAULTS,
                new FrontEndState(state.socket(), 0, 0, false, 0, state.regions(), List.of(),
                        state.rings(), received, null, null),
                Optional.empty());
        files.write(connection, 0);
        assertThrows(IOException.class, () -> files.write(large, 1));
        files.count(2);
        files.write(connection, 2);
        KeptFiles.Left left = opened(new ArrayList<>()).orElseThrow();
        left.connection().frontEnd().close();
        left.files().close();
    }

    /** More than one message takes. */
    @Test
    void aConnectionMayHaveManyRegions() throws Exception {
        KeptConnection many = connection(300);
        files.write(many, 0);
        many.frontEnd().close();
        KeptFiles.Left left = opened(new ArrayList<>()).orElseThrow();
        assertEquals(300, left.connection().frontEnd().regions().size());
        left.connection().frontEnd().close();
        left.files().close();
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
