package io.clocktower.plan;

import io.clocktower.clock.InvalidComponentException;
import io.clocktower.spec.LabelSelector;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The devices that match a step. Constructors reject values as those of {@link Step} do. */
public sealed interface Target {

    /** The name of the step's component. */
    String component();

    /** Devices with all of these labels, at least one. */
    record Labels(LabelSelector selector) implements Target {

        public Labels {
            refuseEmpty("label", selector.labels());
        }

        @Override
        public String component() {
            return "label";
        }
    }

    /** Devices with these names, at least one, and each only once. */
    record Names(List<String> names) implements Target {

        public Names {
            names = List.copyOf(names);
            refuseEmpty("devices", names);
            Set<String> seen = new HashSet<>();
            for (String name : names) {
                if (!seen.add(name)) {
                    throw new InvalidComponentException("devices", "%s twice, expected once".formatted(name));
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
            throw new InvalidComponentException(component, "empty, expected at least one");
        }
    }
}
