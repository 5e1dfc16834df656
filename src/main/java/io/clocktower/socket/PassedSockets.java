package io.clocktower.socket;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.UnixSocket;
import io.clocktower.spec.DeviceException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Listening sockets that the service manager passed: {@code LISTEN_FDS}, sd_listen_fds(3). One is a device's by its name
 * (FileDescriptorName=) or by its path. Front-ends that connect while the service starts wait in them. One thread uses it.
 */
public final class PassedSockets {

    private static final int FIRST = 3;
    private static final int MAX = 1_000;

    private final List<Passed> left = new ArrayList<>();

    private record Passed(String name, Descriptor socket, Optional<Path> path) {}

    private PassedSockets() {}

    /**
     * Takes what this process was given.
     *
     * @param environment of this process
     * @param pid of this process: what was meant for another one is left alone
     */
    public static PassedSockets of(Map<String, String> environment, long pid) {
        var passed = new PassedSockets();
        int count = number(environment.get("LISTEN_FDS"));
        if (count > MAX || !Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
            return passed;
        }
        String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        for (int i = 0; i < count; i++) {
            var socket = new Descriptor(FIRST + i);
            passed.left.add(new Passed(i < names.length ? names[i] : "", socket, UnixSocket.listeningAt(socket)));
        }
        return passed;
    }

    private static int number(String text) {
        return text != null && text.matches("\\d{1,4}") ? Integer.parseInt(text) : 0;
    }

    /**
     * The socket of a device, which is the caller's.
     *
     * @param path where the device is to listen
     * @throws DeviceException if the one with the device's name listens elsewhere
     */
    public Optional<ListeningSocket> take(String device, Path path) throws DeviceException {
        for (Iterator<Passed> each = left.iterator(); each.hasNext();) {
            Passed passed = each.next();
            boolean isThere = passed.path().filter(path::equals).isPresent();
            if (passed.name().equals(device) && !isThere) {
                throw DeviceException.conflict("the socket %s of the service manager listens at %s, expected %s"
                        .formatted(device, passed.path().map(Path::toString).orElse("no path"), path));
            }
            if (isThere) {
                each.remove();
                return Optional.of(adopt(passed, path));
            }
        }
        return Optional.empty();
    }

    private static ListeningSocket adopt(Passed passed, Path path) throws DeviceException {
        try {
            passed.socket().closeOnExec();
            passed.socket().makeNonBlocking();
            return ListeningSocket.ofManager(path, passed.socket());
        } catch (IOException e) {
            throw DeviceException.failed("the socket of the service manager at %s has no file".formatted(path), e);
        }
    }

    /** Closes those that no device took, and answers their names. */
    public List<String> closeLeft() {
        List<String> names = left.stream().map(Passed::name).toList();
        left.forEach(passed -> passed.socket().close());
        left.clear();
        return names;
    }
}
