package io.clocktower.app;

import io.clocktower.app.Inheriting.Passing;
import io.clocktower.linux.Descriptor;
import java.io.FileDescriptor;
import java.io.IOException;
import java.net.DatagramPacket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.newsclub.net.unix.AFUNIXDatagramSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * systemd's side of a service: its notify socket, and the descriptor store, as sd_notify(3) and sd_pid_notify_with_fds(3) say
 * it. It passes what is stored to the service that it starts next.
 */
final class FakeServiceManager implements AutoCloseable {

    private static final int MAX = 4;

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
