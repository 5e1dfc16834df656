package io.clocktower.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which calls there are, and with which parameters. */
class CallRulesTest {

    private static final String FAULTS = "/api/v1/devices/vm0/faults";

    private final CallRules rules = new CallRules(
            List.of(FaultsResource.class, AlarmsResource.class, DeviceAlarmsResource.class));

    private String refusal(String method, String path, Map<String, List<String>> query) {
        return CallRules.refusal(rules.at(path).orElseThrow(), method, path, query)
                .map(problem -> problem.status() + " " + problem.detail()).orElse("none");
    }

    @Test
    void aPathHasTheMethodsThatAreDeclared() {
        assertEquals(Set.of("DELETE", "GET", "HEAD", "OPTIONS", "POST"), rules.at(FAULTS).orElseThrow().methods());
        assertEquals(Set.of("DELETE", "GET", "HEAD", "OPTIONS", "POST"),
                rules.at(FAULTS + "/").orElseThrow().methods());
        assertEquals(Set.of("OPTIONS", "POST"),
                rules.at("/api/v1/devices/vm0/alarms/0/expire").orElseThrow().methods());
        assertTrue(rules.at("/api/v1/devices").isEmpty());
        assertTrue(rules.at(FAULTS + "/f1/more").isEmpty());
    }

    @Test
    void aQueryHasTheParametersThatAreDeclared() {
        assertEquals("none", refusal("POST", FAULTS, Map.of("dryRun", List.of("true"), "over", List.of("PT1M"))));
        assertEquals("none", refusal("HEAD", "/api/v1/alarms", Map.of("label", List.of("a=b", "c=d"))));
        assertEquals("400 dry-run: unknown parameter, expected one of dryRun, over, points",
                refusal("POST", FAULTS, Map.of("dry-run", List.of("true"))));
        assertEquals("400 x: unknown parameter, expected none", refusal("DELETE", FAULTS, Map.of("x", List.of(""))));
        assertEquals("400 label: empty, expected a value",
                refusal("GET", "/api/v1/alarms", Map.of("label", List.of("a=b", ""))));
        assertEquals("400 dryRun: given 2 times, expected once",
                refusal("POST", FAULTS, Map.of("dryRun", List.of("true", "true"))));
    }

    @Test
    void aParameterIsOfItsType() {
        assertEquals("400 dryRun: \"maybe\", expected true or false",
                refusal("POST", FAULTS, Map.of("dryRun", List.of("maybe"))));
        assertEquals("400 points: \"1e9\", expected a whole number from -2147483648 to 2147483647",
                refusal("POST", FAULTS, Map.of("points", List.of("1e9"))));
        assertEquals("404 clock: \"2147483648\", expected a whole number from -2147483648 to 2147483647",
                refusal("GET", "/api/v1/devices/vm0/alarms/2147483648", Map.of()));
    }
}
