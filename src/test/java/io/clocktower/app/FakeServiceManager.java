package io.clocktower.app;

import io.clocktower.app.Inheriting.Passing;
import io.clocktower.frontend.Libc;
import io.clocktower.linux.Descriptor;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.DatagramPacket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.newsclub.net.unix.AFUNIXDatagramSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * systemd's side of a service: its notify socket, and the descriptor store, as sd_notify(3) and sd_pid_notify_with_fds(3) say
 * it. It passes what is stored to the service that it starts next.
 */
final class FakeServiceManager implements AutoCloseable {

    private static final int MAX = 4;
    private static final int RECORD_BEGINNING = 64;
    private static final Pattern CHANGES = Pattern.compile("\"changes\":(\\d+)");

    private final Path directory;
    private final AFUNIXDatagramSocket socket = AFUNIXDatagramSocket.newInstance();
    private final Map<String, Descriptor> stored = new TreeMap<>();
    private final List<String> refused = new ArrayList<>();
    private final Thread thread;

    FakeServiceManager(Path directory) throws IOException {
        this.directory = directory;
        socket.bind(AFUNIXSocketAddress.of(notify(directory)));
        socket.setAncillaryReceiveBufferSize(4096);
        thread = Thread.ofPlatform().name("service-manager").daemon().start(this::run);
    }

    private static Path notify(Path directory) {
        return directory.resolve("notify");
    }

    private void run() {
        var packet = new DatagramPacket(new byte[4096], 4096);
        try {
            while (true) {
                packet.setLength(4096);
                socket.receive(packet);
                onState(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8),
                        socket.getReceivedFileDescriptors());
            }
        } catch (IOException e) {
            // It is closed.
        }
    }

    private synchronized void onState(String state, FileDescriptor[] files) throws IOException {
        List<String> lines = List.of(state.split("\n"));
        String name = lines.stream().filter(line -> line.startsWith("FDNAME=")).map(line -> line.substring(7))
                .findFirst().orElse("stored");
        if (lines.contains("FDSTORE=1")) {
            for (FileDescriptor file : files) {
                int number = FileDescriptorCast.using(file).as(Integer.class);
                if (stored.size() >= MAX) {
                    refused.add(name);
                } else {
                    stored.put(name, new Descriptor(number).duplicate());
                }
            }
        } else if (lines.contains("FDSTOREREMOVE=1")) {
            Descriptor removed = stored.remove(name);
            if (removed != null) {
                removed.close();
            }
        }
        notifyAll();
    }

    synchronized List<String> stored() {
        return List.copyOf(stored.keySet());
    }

    synchronized void awaitStored(String... names) throws InterruptedException {
        long endNs = System.nanoTime() + 60_000_000_000L;
        while (!stored.keySet().equals(java.util.Set.copyOf(Arrays.asList(names)))) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError("stored: " + stored.keySet());
            }
            wait(100);
        }
    }

    /**
     * Waits until what is stored under a name is the connection as it is, so that the next process goes on with it.
     *
     * @param service which has no other device
     */
    void awaitKept(String name, PackagedApplication service) throws Exception {
        awaitStored(name);
        long endNs = System.nanoTime() + 60_000_000_000L;
        while (!isKept(name, service.pid())) {
            if (System.nanoTime() > endNs) {
                throw new AssertionError(name + " changed and is not kept again");
            }
            Thread.sleep(1);
        }
    }

    private synchronized boolean isKept(String name, long pid) throws IOException {
        String record = new String(Libc.peek(stored.get(name), RECORD_BEGINNING), StandardCharsets.ISO_8859_1);
        Matcher kept = CHANGES.matcher(record);
        try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            Path count = files.filter(FakeServiceManager::isCount).findFirst().orElseThrow();
            try (SeekableByteChannel open = Files.newByteChannel(count)) {
                ByteBuffer changes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
                open.read(changes);
                return kept.find() && Long.parseLong(kept.group(1)) == changes.getLong(0);
            }
        }
    }

    /** Whether a descriptor is the page in which the service counts the connection's changes. */
    private static boolean isCount(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("/memfd:connection");
        } catch (IOException e) {
            return false;
        }
    }

    /** Starts the service with what is stored, and does not wait for it. */
    PackagedApplication start(Map<String, String> properties) throws Exception {
        Map<String, Descriptor> passed;
        synchronized (this) {
            passed = new TreeMap<>(stored);
        }
        try (var passing = new Passing(directory.resolve("passing"))) {
            List<String> command = new ArrayList<>(List.of("env", "NOTIFY_SOCKET=" + notify(directory),
                    "FDSTORE=" + MAX));
            command.addAll(Inheriting.launcher(passing.path(), passed.size(), String.join(":", passed.keySet())));
            PackagedApplication service = PackagedApplication.launch(command, directory, properties);
            if (!passed.isEmpty()) {
                passing.pass(List.copyOf(passed.values()));
            }
            return service;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        stored.values().forEach(Descriptor::close);
    }
}
