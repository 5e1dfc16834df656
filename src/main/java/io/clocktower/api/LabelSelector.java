package io.clocktower.api;

import io.clocktower.device.DeviceSpec;
import io.clocktower.device.FieldFault;
import jakarta.ws.rs.BadRequestException;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The devices that bear all of some labels. */
record LabelSelector(List<Map.Entry<String, String>> labels) implements Predicate<DeviceSpec> {

    /**
     * @param labels each {@code name=value}; the value may be empty, and may have {@code =} in it
     * @throws BadRequestException for one that is not
     */
    static LabelSelector of(List<String> labels) {
        return new LabelSelector(labels.stream().map(LabelSelector::label).toList());
    }

    private static Map.Entry<String, String> label(String label) {
        int equals = label.indexOf('=');
        if (equals < 1) {
            throw new BadRequestException("label: %s, expected name=value".formatted(FieldFault.quoted(label)));
        }
        return Map.entry(label.substring(0, equals), label.substring(equals + 1));
    }

    @Override
    public boolean test(DeviceSpec spec) {
        return matches(spec.labels());
    }

    /** Whether each is among a device's labels. */
    boolean matches(Map<String, String> present) {
        return labels.stream().allMatch(label -> label.getValue().equals(present.get(label.getKey())));
    }
}
