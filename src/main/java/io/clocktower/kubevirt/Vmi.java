package io.clocktower.kubevirt;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * A VirtualMachineInstance of KubeVirt, as far as Clocktower looks at it.
 *
 * @param namespace empty if it has none
 * @param name empty if it has none
 * @param annotations all of them
 * @param gracePeriod how long after it is deleted the guest has to shut down
 * @param spec may be missing, then it has no members
 */
record Vmi(String namespace, String name, Map<String, String> annotations, Duration gracePeriod, JsonNode spec) {

    private static final ObjectMapper JSON = new ObjectMapper();
    /** KubeVirt's, if the VMI names none. */
    private static final long DEFAULT_GRACE_SECONDS = 30;
    private static final int MAX_BYTES = 4 << 20;

    /**
     * @throws HookException if it is not a JSON object
     */
    static Vmi parse(byte[] json) {
        if (json.length > MAX_BYTES) {
            throw new HookException("the VMI has %d bytes, expected at most %d", json.length, MAX_BYTES);
        }
        JsonNode vmi;
        try {
            vmi = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new HookException("the VMI is not JSON: line %d: %s",
                    e.getLocation() == null ? 1 : e.getLocation().getLineNr(),
                    e.getOriginalMessage().lines().findFirst().orElse(""));
        } catch (IOException _) {
            throw new HookException("the VMI is not JSON in UTF-8");
        }
        if (vmi == null || !vmi.isObject()) {
            throw new HookException("the VMI is not a JSON object");
        }
        JsonNode metadata = vmi.path("metadata");
        Map<String, String> annotations = new TreeMap<>();
        metadata.path("annotations").properties()
                .forEach(annotation -> annotations.put(annotation.getKey(), annotation.getValue().asText()));
        JsonNode spec = vmi.path("spec");
        return new Vmi(metadata.path("namespace").asText(), metadata.path("name").asText(), Map.copyOf(annotations),
                Duration.ofSeconds(
                        Math.max(0, spec.path("terminationGracePeriodSeconds").asLong(DEFAULT_GRACE_SECONDS))),
                spec);
    }
}
