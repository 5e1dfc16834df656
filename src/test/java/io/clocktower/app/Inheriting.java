package io.clocktower.app;

import io.clocktower.frontend.Libc;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.PassingSocket;
import io.clocktower.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Starts a program with descriptors that it inherits from number 3 on, as a service manager does. The test's side of it is
 * {@link #launcher} with {@link Passing}; the program takes the place of this process, and so has its id.
 */
public final class Inheriting {

    private static final int FIRST = 3;
    /** Above all descriptors that this process has. */
    private static final int ASIDE = 500;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Inheriting() {}

    /**
     * What starts another command so.
     *
     * @param names LISTEN_FDNAMES; empty for descriptors that the program is told of in another way
     */
    static List<String> launcher(Path socket, int count, String names) {
        return List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), Inheriting.class.getName(), socket.toString(),
                Integer.toString(count), names);
    }

    /** Passes descriptors to the next program that is started. */
    static final class Passing implements AutoCloseable {

        private final Path path;
        private final Descriptor listening;

        Passing(Path path) throws IOException {
            Files.deleteIfExists(path);
            this.path = path;
            listening = UnixSocket.listen(path);
        }

        Path path() {
            return path;
        }

        void pass(List<Descriptor> descriptors) throws IOException, InterruptedException {
            Descriptor connection = UnixSocket.accept(listening.number());
            long endNs = System.nanoTime() + PATIENCE.toNanos();
            while (connection == null) {
                if (System.nanoTime() > endNs) {
                    throw new IOException("the program was not started");
                }
                Thread.sleep(5);
                connection = UnixSocket.accept(listening.number());
            }
            try (var socket = new PassingSocket(connection)) {
                socket.send(new byte[1], descriptors, PATIENCE);
            }
        }

        @Override
        public void close() throws IOException {
            listening.close();
            Files.deleteIfExists(path);
        }
    }

    /** Arguments: the socket, the number of descriptors, their names, the command. */
    public static void main(String... arguments) throws IOException {
        List<Descriptor> descriptors = new ArrayList<>();
        int count = Integer.parseInt(arguments[1]);
        if (count > 0) {
            try (var socket = new PassingSocket(UnixSocket.connect(Path.of(arguments[0])))) {
                socket.receive(1, descriptors, PATIENCE);
            }
        }
        if (descriptors.size() != count) {
            throw new IOException("%d descriptors, expected %d".formatted(descriptors.size(), count));
        }
        for (int i = 0; i < count; i++) {
            Libc.dup2(descriptors.get(i).number(), ASIDE + i);
        }
        List<String> command = new ArrayList<>(List.of("/bin/bash", "-c", script(count, arguments[2]), "bash"));
        command.addAll(Arrays.asList(arguments).subList(3, arguments.length));
        Libc.execute(command);
    }

    /** This process uses the numbers itself, so another one moves the descriptors to them. */
    private static String script(int count, String names) {
        var script = new StringBuilder();
        for (int i = 0; i < count; i++) {
            script.append("exec %d<&%d %d<&-; ".formatted(FIRST + i, ASIDE + i, ASIDE + i));
        }
        if (!names.isEmpty()) {
            script.append("export LISTEN_FDS=%d LISTEN_PID=$$ LISTEN_FDNAMES=%s; ".formatted(count, names));
        }
        return script.append("exec \"$@\"").toString();
    }
}
