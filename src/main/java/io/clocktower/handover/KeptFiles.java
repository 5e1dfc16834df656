package io.clocktower.handover;

import io.clocktower.linux.AnonymousFile;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.FileStatus;
import io.clocktower.linux.Mmap;
import io.clocktower.linux.UnixSocket;
import io.clocktower.hosted.KeptConnection;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One descriptor that holds all of a connection: a socket in whose queue the record waits, with the descriptors of the
 * connection. The queue outlives each process as long as another one, the service manager, has the socket. Writing a record
 * replaces the one before: it is queued first, then the other one is taken out.
 *
 * <p>
 * With each record go the socket's other end, so that the socket never hangs up and a process that follows can write the next
 * record, and a page of memory, in which the connection's changes are counted the moment that they begin. A record that was
 * written before the last change is of no use.
 *
 * <pre>
 * RECORD (be32 number of descriptors, JSON), FILES (descriptors, then the other end, then the page)
 * page: u64 changes
 * </pre>
 *
 * One thread uses it; {@link #count} is the loop's.
 */
final class KeptFiles implements AutoCloseable {

    private static final Duration AT_ONCE = Duration.ZERO;
    private static final int PAGE_BYTES = 4096;
    /** The socket's other end and the page. */
    private static final int ADDED = 2;

    private final Descriptor reading;
    private final Descriptor writing;
    private final Descriptor page;
    private final MemorySegment counter;
    private boolean isFull;

    private KeptFiles(Descriptor reading, Descriptor writing, Descriptor page) {
        this.reading = reading;
        this.writing = writing;
        this.page = page;
        counter = Mmap.map(page, 0, PAGE_BYTES, Arena.ofAuto());
    }

    static KeptFiles create() throws IOException {
        List<Descriptor> all = new ArrayList<>(UnixSocket.pair());
        boolean isCreated = false;
        try {
            all.add(new AnonymousFile("connection", new byte[PAGE_BYTES]).descriptor());
            var files = new KeptFiles(all.getFirst(), all.get(1), all.getLast());
            isCreated = true;
            return files;
        } finally {
            if (!isCreated) {
                all.forEach(Descriptor::close);
            }
        }
    }

    /** What a process left. */
    record Left(KeptFiles files, KeptConnection connection) {}

    /**
     * Opens what an earlier process stored.
     *
     * @param stored the socket; becomes this object's, or is closed
     * @return nothing if there is no record that can be gone on from; {@code why} is told the reason
     */
    static Optional<Left> open(Descriptor stored, List<String> why) {
        Optional<Link.Received> found = Optional.empty();
        Optional<Left> left = Optional.empty();
        try (var queue = new Link(stored.duplicate())) {
            found = last(queue);
            Link.Received record = found.filter(received -> received.files().size() >= ADDED)
                    .orElseThrow(() -> new IOException("there is no record"));
            List<Descriptor> ofRecord = record.files().subList(0, record.files().size() - ADDED);
            Descriptor writing = record.files().get(ofRecord.size());
            Descriptor page = record.files().getLast();
            if (!FileStatus.of(page).isRegular() || FileStatus.of(page).sizeBytes() < PAGE_BYTES) {
                throw new IOException("there is no count of changes");
            }
            var kept = new KeptFiles(stored, writing, page);
            left = Optional.of(new Left(kept, kept.read(record.json(), ofRecord)));
        } catch (IOException | RuntimeException e) {
            why.add(e.getMessage());
        } finally {
            if (left.isEmpty()) {
                found.ifPresent(record -> record.files().forEach(Descriptor::close));
                stored.close();
            }
        }
        return left;
    }

    /** The connection of a record, which is written again: this process may end before it has gone on with it. */
    private KeptConnection read(byte[] json, List<Descriptor> files) throws IOException {
        KeptRecord record = HandoverJson.readKept(json, files);
        boolean isRead = false;
        try {
            if (record.changes() != counted()) {
                throw new IOException("it changed while the process ended");
            }
            var connection = new KeptConnection(record.clocks(), record.frontEnd(), record.counter());
            write(connection, record.changes());
            isRead = true;
            return connection;
        } finally {
            if (!isRead) {
                record.frontEnd().close();
            }
        }
    }

    /** The newest record that is whole; a process may have been killed while it wrote, or before it took the older one out. */
    private static Optional<Link.Received> last(Link queue) {
        Optional<Link.Received> newest = Optional.empty();
        try {
            while (true) {
                Link.Received next = queue.receiveRecord(AT_ONCE);
                newest.ifPresent(record -> record.files().forEach(Descriptor::close));
                newest = Optional.of(next);
            }
        } catch (IOException e) {
            return newest;
        }
    }

    /** The socket to store; it stays this object's. */
    Descriptor socket() {
        return reading;
    }

    /** The end over which records are written; it stays this object's. */
    Descriptor writing() {
        return writing;
    }

    /** For the loop: a record with another count is of no use from now on. */
    void count(long changes) {
        counter.set(ValueLayout.JAVA_LONG, 0, changes);
    }

    long counted() {
        return counter.get(ValueLayout.JAVA_LONG, 0);
    }

    /**
     * Replaces the record.
     *
     * @param connection whose descriptors stay the caller's
     * @throws IOException if it does not fit; there may be no record then
     */
    void write(KeptConnection connection, long changes) throws IOException {
        HandoverJson.Written record = HandoverJson.writeKept(new KeptRecord(KeptRecord.FORMAT, changes,
                connection.clocks(), connection.frontEnd(), connection.counter()));
        List<Descriptor> files = new ArrayList<>(record.descriptors());
        files.add(writing);
        files.add(page);
        boolean isWritten = false;
        try (var reader = new Link(reading.duplicate()); var writer = new Link(writing.duplicate())) {
            try {
                writer.sendRecord(record.json(), files, AT_ONCE);
                if (isFull) {
                    takeOut(reader);
                }
                isWritten = true;
            } finally {
                isFull = isWritten;
                if (!isWritten) {
                    reader.discard();
                }
            }
        }
    }

    private static void takeOut(Link reader) throws IOException {
        reader.receiveRecord(AT_ONCE).files().forEach(Descriptor::close);
    }

    /** Takes the record out, and closes its descriptors. */
    void empty() {
        isFull = false;
        try (var reader = new Link(reading.duplicate())) {
            reader.discard();
        }
    }

    @Override
    public void close() {
        reading.close();
        writing.close();
        page.close();
    }
}
