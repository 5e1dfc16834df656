package io.clocktower.plan;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Devices that a step may be for. Constructors refuse as those of {@link Step} do. */
public sealed interface Target {

    /** The component of a step that says so. */
    String component();

    /** Those with all of some labels, of which there is at least one. */
    record Labels(List<Map.Entry<String, String>> labels) implements Target {

        public Labels {
            labels = List.copyOf(labels);
            refuseEmpty("label", labels);
        }

        @Override
        public String component() {
            return "label";
        }
    }

    /** Those of some names, of which there is at least one, and none twice. */
    record Names(List<String> names) implements Target {

        public Names {
            names = List.copyOf(names);
            refuseEmpty("devices", names);
            Set<String> seen = new HashSet<>();
            for (String name : names) {
                if (!seen.add(name)) {
                    throw new IllegalArgumentException("devices: %s twice, expected once".formatted(name));
                }
            }
        }

        @Override
        public String component() {
            return "devices";
        }
    }

    private static void refuseEmpty(String component, List<?> list) {
        if (list.isEmpty()) {
            throw new IllegalArgumentException(component + ": none, expected at least one");
        }
    }
}
