package io.clocktower.spec;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The rules for the specification of a device. */
public final class DeviceRules {

    /** The size of {@code sun_path}, less the zero byte at its end. */
    private static final int MAX_SOCKET_PATH_BYTES = 107;
    private static final int MAX_CLOCKS = 64;
    private static final Duration MAX_POLL_WINDOW = Duration.ofSeconds(1);
    private static final int MAX_LABELS = 64;
    private static final int MAX_LABEL_KEY = 63;
    /** As for labels of Kubernetes: a name, with an optional domain before it. */
    private static final Pattern LABEL_KEY = Pattern
            .compile("([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?");

    private final List<FieldError> faults = new ArrayList<>();

    private DeviceRules() {}

    /**
     * Everything that is not valid.
     *
     * @param socket empty if it is not to be checked
     * @param clocks their number
     */
    static List<FieldError> faults(String name, Optional<Path> socket, int clocks, Duration pollWindow,
            Map<String, String> labels) {
        var rules = new DeviceRules();
        rules.checkName(name);
        socket.ifPresent(rules::checkSocket);
        rules.checkClocks(clocks);
        rules.checkPollWindow(pollWindow);
        rules.checkLabels(labels);
        return rules.faults;
    }

    private void checkName(String name) {
        if (!Names.isName(name)) {
            refuse("name",
                    "%s, expected 1 to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends",
                    Texts.quoted(name));
        }
    }

    private void checkSocket(Path socket) {
        int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (!socket.isAbsolute()) {
            refuse("socket", "%s, expected an absolute path", Texts.quoted(socket.toString()));
        } else if (bytes > MAX_SOCKET_PATH_BYTES) {
            refuse("socket", "%s has %d bytes, expected at most %d", Texts.shown(socket.toString()), bytes,
                    MAX_SOCKET_PATH_BYTES);
        }
    }

    private void checkClocks(int clocks) {
        if (clocks > MAX_CLOCKS) {
            refuse("clocks", "%d clocks, expected at most %d", clocks, MAX_CLOCKS);
        }
    }

    private void checkPollWindow(Duration pollWindow) {
        if (pollWindow.isNegative() || pollWindow.compareTo(MAX_POLL_WINDOW) > 0) {
            refuse("pollWindow", "%s, expected 0s to 1s", Durations.text(pollWindow));
        }
    }

    private void checkLabels(Map<String, String> labels) {
        if (labels.size() > MAX_LABELS) {
            refuse("labels", "%d labels, expected at most %d", labels.size(), MAX_LABELS);
            return;
        }
        new TreeMap<>(labels).forEach((key, value) -> {
            String field = "labels." + Texts.shown(key);
            if (key.length() > MAX_LABEL_KEY || !LABEL_KEY.matcher(key).matches()) {
                refuse(field,
                        "expected a name of 1 to 63 letters, digits, '.', '_' and '-', with a letter or digit at both"
                                + " ends, optionally after a domain and '/'");
            }
            if (!value.isEmpty() && !Names.isName(value)) {
                refuse(field,
                        "%s, expected at most 63 letters, digits, '.', '_' and '-', with a letter or digit at both"
                                + " ends",
                        Texts.quoted(value));
            }
        });
    }

    private void refuse(String field, String detail, Object... values) {
        faults.add(new FieldError(field, detail.formatted(values)));
    }
}
