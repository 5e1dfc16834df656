package io.clocktower.config;

import io.clocktower.spec.Nearest;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.util.Set;
import java.util.stream.Collectors;

/** The keys of the configuration under {@code clocktower}, for messages about keys that are not known. */
final class KnownKeys {

    static final String PREFIX = "clocktower.";

    /** Without the prefix; {@code *} stands for a name, and in brackets for an index. */
    static final Set<String> PATTERNS = ConfigMappings
            .getProperties(ConfigClass.configClass(ClocktowerConfig.class, "clocktower")).keySet().stream()
            .map(key -> key.substring(PREFIX.length()))
            .collect(Collectors.toUnmodifiableSet());

    private KnownKeys() {}

    /**
     * Says that a key is not known, and the nearest known one.
     *
     * @param property a property under {@code clocktower}
     */
    static String unknown(String property) {
        String key = property.startsWith(PREFIX) ? property.substring(PREFIX.length()) : property;
        return "unknown key" + Nearest.question(key, PATTERNS);
    }
}
