package io.clocktower.device;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What every device's specification keeps to, whoever asks for it. */
final class DeviceRules {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");
    /** {@code sun_path} has room for so many bytes and the zero that ends them. */
    private static final int MAX_SOCKET_PATH_BYTES = 107;
    private static final int MAX_CLOCKS = 64;
    private static final Duration MAX_POLL_WINDOW = Duration.ofSeconds(1);
    private static final int MAX_LABELS = 64;
    private static final int MAX_LABEL_KEY = 63;
    /** Labels are what Kubernetes takes for one: a name, after a domain perhaps, and a value like a name or empty. */
    private static final Pattern LABEL_KEY = Pattern
            .compile("([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?");

    private final List<FieldFault> faults = new ArrayList<>();

    private DeviceRules() {}

    /** Whether it is one that a device may have, and so is a safe name for a file too. */
    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /**
     * All that is wrong.
     *
     * @param socket if there is one to be checked
     * @param clocks how many
     */
    static List<FieldFault> faults(String name, Optional<Path> socket, int clocks, Duration pollWindow,
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
        if (!isName(name)) {
            refuse("name",
                    "%s, expected 1 to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends",
                    FieldFault.quoted(name));
        }
    }

    private void checkSocket(Path socket) {
        int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (!socket.isAbsolute()) {
            refuse("socket", "%s, expected an absolute path", FieldFault.quoted(socket.toString()));
        } else if (bytes > MAX_SOCKET_PATH_BYTES) {
            refuse("socket", "%s has %d bytes, expected at most %d", FieldFault.shown(socket.toString()), bytes,
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
            refuse("pollWindow", "%s, expected 0 to 1s", pollWindow);
        }
    }

    private void checkLabels(Map<String, String> labels) {
        if (labels.size() > MAX_LABELS) {
            refuse("labels", "%d labels, expected at most %d", labels.size(), MAX_LABELS);
            return;
        }
        new TreeMap<>(labels).forEach((key, value) -> {
            String field = "labels." + FieldFault.shown(key);
            if (key.length() > MAX_LABEL_KEY || !LABEL_KEY.matcher(key).matches()) {
                refuse(field,
                        "a label of 1 to 63 letters, digits, '.', '_' and '-' was expected, with a letter or digit"
                                + " at both ends; a domain and '/' may stand before it");
            }
            if (!value.isEmpty() && !NAME.matcher(value).matches()) {
                refuse(field,
                        "%s, expected at most 63 letters, digits, '.', '_' and '-', with a letter or digit at both"
                                + " ends",
                        FieldFault.quoted(value));
            }
        });
    }

    private void refuse(String field, String detail, Object... values) {
        faults.add(new FieldFault(field, detail.formatted(values)));
    }
}
