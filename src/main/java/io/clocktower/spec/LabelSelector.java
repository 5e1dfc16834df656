package io.clocktower.spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Selects devices by their labels.
 *
 * @param labels all of them must be among the device's; the same key twice with two values selects no device
 */
public record LabelSelector(List<Map.Entry<String, String>> labels) {

    public LabelSelector {
        labels = List.copyOf(labels);
    }

    /** One label, written {@code name=value}. The value may be empty and may contain {@code =}. */
    public static Optional<Map.Entry<String, String>> parse(String label) {
        int equals = label.indexOf('=');
        return equals < 1
                ? Optional.empty()
                : Optional.of(Map.entry(label.substring(0, equals), label.substring(equals + 1)));
    }

    /** Whether a device with these labels is selected. */
    public boolean matches(Map<String, String> present) {
        return present.entrySet().containsAll(labels);
    }
}
