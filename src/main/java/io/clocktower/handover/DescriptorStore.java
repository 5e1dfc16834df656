package io.clocktower.handover;

import io.clocktower.hosted.ConnectionStore;
import io.clocktower.hosted.KeptConnection;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.PassingSocket;
import io.clocktower.linux.UnixSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;

/**
 * Keeps connections in the service manager's descriptor store, sd_pid_notify_with_fds(3), so that they outlive a restart and a
 * crash of this process. Each connection takes one descriptor there ({@link KeptFiles}); the manager hears of it when a
 * front-end connects and when it has gone. A thread of its own writes.
 */
public final class DescriptorStore implements ConnectionStore, AutoCloseable {

    /** What the names of stored descriptors begin with; the device's name follows. */
    public static final String PREFIX = "connection-";

    private static final Logger LOG = Logger.getLogger(DescriptorStore.class);
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final long END_S = 5;

    private final String manager;
    private final int max;
    private final ExecutorService thread = Executors
            .newSingleThreadExecutor(Thread.ofPlatform().name("descriptor-store").daemon().factory());
    private final Map<String, KeptFiles.Left> left = new HashMap<>();
    /** Used by the thread alone. */
    private final Set<String> stored = new HashSet<>();
    private volatile boolean isLeaving;

    private DescriptorStore(String manager, int max) {
        this.manager = manager;
        this.max = max;
    }

    /**
     * The store of this process's service manager.
     *
     * @param environment with {@code NOTIFY_SOCKET} and {@code FDSTORE}, which is how many descriptors the store takes
     * @param descriptors that it passed, by name; become the store's
     */
    public static Optional<DescriptorStore> of(Map<String, String> environment, Map<String, Descriptor> descriptors) {
        String manager = environment.getOrDefault("NOTIFY_SOCKET", "");
        String max = environment.getOrDefault("FDSTORE", "");
        if (manager.isEmpty() || !max.matches("[1-9]\\d{0,8}")) {
            descriptors.values().forEach(Descriptor::close);
            return Optional.empty();
        }
        var store = new DescriptorStore(manager, Integer.parseInt(max));
        descriptors.forEach(store::open);
        return Optional.of(store);
    }

    private void open(String name, Descriptor descriptor) {
        String device = name.substring(PREFIX.length());
        stored.add(device);
        List<String> why = new ArrayList<>();
        KeptFiles.open(descriptor, why).ifPresentOrElse(found -> left.put(device, found), () -> {
            LOG.warnf("%s: the connection that was kept cannot be gone on with: %s", device, String.join("; ", why));
            remove(device);
        });
    }

    @Override
    public synchronized Optional<KeptConnection> take(String device) {
        return Optional.ofNullable(left.get(device)).map(KeptFiles.Left::connection);
    }

    @Override
    public synchronized Place place(String device) {
        KeptFiles.Left before = left.remove(device);
        try {
            return before == null
                    ? new Kept(device, KeptFiles.create(), false)
                    : new Kept(device, before.files(), true);
        } catch (IOException | RuntimeException e) {
            LOG.warnf("%s: its connections are not kept: %s", device, e.getMessage());
            return Place.NONE;
        }
    }

    /** Forgets what is kept of devices that there are no more. */
    public synchronized void closeLeft() {
        left.forEach((device, files) -> {
            LOG.warnf("%s: there is no such device any more; its connection is closed", device);
            files.connection().frontEnd().close();
            files.files().close();
            run(() -> remove(device));
        });
        left.clear();
    }

    /** The service ends, and connections go on in the process that follows. */
    public void leave() {
        isLeaving = true;
    }

    /** Writes what is left to be written. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(END_S, TimeUnit.SECONDS)) {
                LOG.warnf("the service manager does not take descriptors; not all connections are kept");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(Runnable work) {
        if (!thread.isShutdown()) {
            thread.execute(work);
        }
    }

    /** For the thread. */
    private void store(String device, Descriptor socket) throws IOException {
        if (stored.contains(device)) {
            return;
        }
        if (stored.size() >= max) {
            throw new IOException("the service manager keeps %d descriptors (FileDescriptorStoreMax)".formatted(max));
        }
        tell("FDSTORE=1\nFDPOLL=0\nFDNAME=" + PREFIX + device, List.of(socket));
        stored.add(device);
    }

    /** For the thread. */
    private void remove(String device) {
        if (stored.remove(device)) {
            try {
                tell("FDSTOREREMOVE=1\nFDNAME=" + PREFIX + device, List.of());
            } catch (IOException | RuntimeException e) {
                LOG.warnf("%s: the service manager keeps its connection, which is gone: %s", device, e.getMessage());
            }
        }
    }

    private void tell(String state, List<Descriptor> descriptors) throws IOException {
        try (var socket = new PassingSocket(UnixSocket.connectDatagram(manager))) {
            socket.send(state.getBytes(StandardCharsets.UTF_8), descriptors, PATIENCE);
        }
    }

    /** The place of one device. */
    private final class Kept implements Place {

        private final String device;
        private final KeptFiles files;
        private final AtomicReference<Next> next = new AtomicReference<>();
        /** Whether the store has its connection, or had it at the start. */
        private volatile boolean isKept;
        private volatile Optional<String> failure = Optional.empty();
        /** The loop's. */
        private long changes;

        private record Next(KeptConnection connection, long changes) {

            void close() {
                connection.frontEnd().close();
            }
        }

        Kept(String device, KeptFiles files, boolean isKept) {
            this.device = device;
            this.files = files;
            this.isKept = isKept;
            changes = files.counted();
        }

        @Override
        public void invalidate() {
            files.count(++changes);
        }

        @Override
        public void keep(KeptConnection connection) {
            Next replaced = next.getAndSet(new Next(connection, changes));
            if (replaced == null) {
                run(this::write);
            } else {
                replaced.close();
            }
        }

        private void write() {
            Next now = next.getAndSet(null);
            if (now == null) {
                return;
            }
            try {
                files.write(now.connection(), now.changes());
                store(device, files.socket());
                isKept = true;
                failure = Optional.empty();
            } catch (IOException | RuntimeException e) {
                isKept = false;
                Optional<String> before = failure;
                failure = Optional.of("its connection is not kept: " + e.getMessage());
                if (!failure.equals(before)) {
                    LOG.warnf("%s: %s", device, failure.get());
                }
            } finally {
                now.close();
            }
        }

        @Override
        public Optional<String> failure() {
            return failure;
        }

        @Override
        public boolean isLeaving() {
            return isLeaving && isKept;
        }

        @Override
        public void forget() {
            drop();
            run(this::empty);
        }

        /** What is kept, and what waits to be written, is of no use any more. */
        private void drop() {
            invalidate();
            Next dropped = next.getAndSet(null);
            if (dropped != null) {
                dropped.close();
            }
        }

        private void empty() {
            isKept = false;
            failure = Optional.empty();
            // First: the front-end sees the end of its connection when the last descriptor is closed.
            files.empty();
            remove(device);
        }

        @Override
        public void close() {
            drop();
            run(() -> {
                empty();
                files.close();
            });
        }
    }
}
