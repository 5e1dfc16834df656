package io.clocktower.handover;

import io.clocktower.frontend.Libc;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Descriptors as the recorded hand-over has them, in its order, and behind them a log and the progress of rings. */
final class Passed implements AutoCloseable {

    private static final int MEMORY_BYTES = 4 << 20;
    private static final int LOG_BYTES = 1 << 16;
    private static final int PROGRESS_BYTES = 4096;

    private final List<Descriptor> peers = new ArrayList<>();
    private final List<Descriptor> all = new ArrayList<>();

    Passed() throws IOException {
        Path directory = Files.createTempDirectory("passed");
        Path socket = directory.resolve("vm0.sock");
        all.add(UnixSocket.listen(socket));
        Files.delete(socket);
        Files.delete(directory);
        List<Descriptor> connection = UnixSocket.pair();
        peers.add(connection.getLast());
        all.add(connection.getFirst());
        all.add(Libc.memfd(MEMORY_BYTES));
        for (int i = 0; i < 3; i++) {
            all.add(Libc.eventFd());
        }
        all.add(Libc.sealedMemfd(LOG_BYTES));
        all.add(Libc.memfd(PROGRESS_BYTES));
    }

    /** They stay this object's. */
    List<Descriptor> all() {
        return all;
    }

    /** Others of the same files, which are the caller's. */
    List<Descriptor> duplicates() {
        return new ArrayList<>(all.stream().map(Descriptor::duplicate).toList());
    }

    @Override
    public void close() {
        peers.forEach(Descriptor::close);
        all.forEach(Descriptor::close);
    }
}
