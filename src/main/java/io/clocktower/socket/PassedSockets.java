package io.clocktower.socket;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.UnixSocket;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceMode;
import io.clocktower.spec.DeviceSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Sockets that this process inherited. Those of a service manager, {@code LISTEN_FDS} of sd_listen_fds(3), are devices' by
 * their names (FileDescriptorName=) or by their paths; others by numbers that the configuration has. A device that listens
 * gets a listening socket, in which front-ends wait that connected before, and one that connects gets a connection. One thread
 * uses it.
 */
public final class PassedSockets {

    /** The first number that is not standard input, output or error. */
    public static final int FIRST = 3;
    /** A socket and a connection for each of a thousand devices, and more. */
    private static final int MAX = 4_000;

    private final Map<String, Integer> numbers;
    private final List<Passed> left = new ArrayList<>();

    /**
     * @param path at which it listens; empty if it does not
     */
    private record Passed(String name, Descriptor socket, Optional<Path> path) {

        static Passed of(String name, int number) {
            var socket = new Descriptor(number);
            return new Passed(name, socket, UnixSocket.listeningAt(socket));
        }

        boolean listensAt(Path other) {
            return path.filter(other::equals).isPresent();
        }
    }

    private PassedSockets(Map<String, Integer> numbers) {
        this.numbers = Map.copyOf(numbers);
    }

    /**
     * Takes what this process was given.
     *
     * @param environment of this process
     * @param pid of this process: what was meant for another one is left alone
     * @param numbers of descriptors, by device
     */
    public static PassedSockets of(Map<String, String> environment, long pid, Map<String, Integer> numbers) {
        var passed = new PassedSockets(numbers);
        int count = number(environment.get("LISTEN_FDS"));
        if (count > MAX || !Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
            return passed;
        }
        String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        for (int i = 0; i < count; i++) {
            passed.left.add(Passed.of(i < names.length ? names[i] : "", FIRST + i));
        }
        return passed;
    }

    /** Takes the descriptors whose names begin like this, and that do not listen, by name; they are the caller's. */
    public Map<String, Descriptor> takeStored(String prefix) {
        Map<String, Descriptor> stored = new TreeMap<>();
        for (Passed passed : List.copyOf(left)) {
            if (passed.name().startsWith(prefix) && passed.path().isEmpty() && !stored.containsKey(passed.name())) {
                passed.socket().closeOnExec();
                stored.put(passed.name(), passed.socket());
                left.remove(passed);
            }
        }
        return stored;
    }

    private static int number(String text) {
        return text != null && text.matches("\\d{1,4}") ? Integer.parseInt(text) : 0;
    }

    /**
     * The socket of a device, which is the caller's; empty if none was passed.
     *
     * @throws DeviceException if the one that is the device's by its name or number is not such a socket as the device needs
     */
    public Optional<DeviceSocket> take(DeviceSpec spec) throws DeviceException {
        Passed passed = find(spec);
        if (passed == null) {
            return Optional.empty();
        }
        DeviceSocket socket = spec.mode() == DeviceMode.LISTEN ? listening(passed, spec) : connected(passed, spec);
        left.remove(passed);
        return Optional.of(socket);
    }

    private Passed find(DeviceSpec spec) {
        Integer number = numbers.get(spec.name());
        if (number != null) {
            return left.stream().filter(passed -> passed.socket().number() == number).findFirst()
                    .orElseGet(() -> Passed.of("", number));
        }
        return left.stream().filter(passed -> passed.name().equals(spec.name())).findFirst()
                .or(() -> left.stream().filter(passed -> spec.mode() == DeviceMode.LISTEN)
                        .filter(passed -> passed.listensAt(spec.socket())).findFirst())
                .orElse(null);
    }

    private static ListeningSocket listening(Passed passed, DeviceSpec spec) throws DeviceException {
        if (!passed.listensAt(spec.socket())) {
            throw DeviceException.conflict("%s listens at %s, expected %s".formatted(text(passed),
                    passed.path().map(Path::toString).orElse("no path"), spec.socket()));
        }
        try {
            return ListeningSocket.ofManager(spec.socket(), prepared(passed));
        } catch (IOException e) {
            throw DeviceException.failed("%s at %s has no file".formatted(text(passed), spec.socket()), e);
        }
    }

    private static ConnectingSocket connected(Passed passed, DeviceSpec spec) throws DeviceException {
        if (!UnixSocket.isConnection(passed.socket())) {
            throw DeviceException.conflict("%s is not a connection, as which the mode connect takes it"
                    .formatted(text(passed)));
        }
        return new ConnectingSocket(spec.socket(), prepared(passed));
    }

    private static Descriptor prepared(Passed passed) throws DeviceException {
        try {
            passed.socket().closeOnExec();
            passed.socket().makeNonBlocking();
            return passed.socket();
        } catch (LinuxException e) {
            throw DeviceException.failed("%s: %s".formatted(text(passed), e.getMessage()), e);
        }
    }

    private static String text(Passed passed) {
        return passed.name().isEmpty()
                ? "the inherited descriptor " + passed.socket().number()
                : "the socket " + passed.name() + " of the service manager";
    }

    /** Closes those that no device took, and answers their names. */
    public List<String> closeLeft() {
        List<String> names = left.stream().map(Passed::name).toList();
        left.forEach(passed -> passed.socket().close());
        left.clear();
        return names;
    }
}
