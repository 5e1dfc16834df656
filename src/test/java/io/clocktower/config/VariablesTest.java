package io.clocktower.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Environment variables that are keys are accepted in all of their spellings, and others are named. */
class VariablesTest {

    private static final Map<String, String> FILE = Map.of("clocktower.devices.\"vm-0\".poll-window", "0s",
            "clocktower.devices.vm-1.poll-window", "0s", "clocktower.devices.vm_9.labels.team", "x",
            "clocktower.devices.vm_9.clocks[0].type", "tai", "clocktower.devices.vm_9.counter.offset", "1",
            "clocktower.auth.tokens.alice.role", "viewer", "clocktower.auth.tokens.alice.sha256", "0",
            "clocktower.webhooks.ops.url", "http://x/");

    @ParameterizedTest
    @ValueSource(strings = {"CLOCKTOWER_STATE_DIR=/x", "clocktower_state_dir=/x", "clocktower.state-dir=/x",
            "CLOCKTOWER_SHUTDOWN_GRACE=5s", "CLOCKTOWER_HTTP_ALLOWED_HOSTS=a,b", "CLOCKTOWER_HTTP_ALLOWED_HOSTS_0_=a",
            "CLOCKTOWER_DEVICES_VM0_POLL_WINDOW=1s", "CLOCKTOWER_DEVICES_vm0_SOCKET=/x",
            "CLOCKTOWER_DEVICES__VM_0__SOCKET=/x", "CLOCKTOWER_DEVICES_VM_1_SOCKET=/x",
            "CLOCKTOWER_DEVICES__A_B__SOCKET=/x", "CLOCKTOWER_DEVICES_VM_9_SOCKET=/x",
            "CLOCKTOWER_DEVICES_VM0_CLOCKS_0__TYPE=tai", "CLOCKTOWER_DEVICES_VM_9_CLOCKS_0__ALARM=true",
            "CLOCKTOWER_DEVICES_VM0_LABELS_TEAM=x", "CLOCKTOWER_DEVICES_VM0_LABELS__TEAM_X_=y",
            "CLOCKTOWER_DEVICES_VM_9_COUNTER_FRACTION_BITS=3", "CLOCKTOWER_AUTH_TOKENS_ALICE_SHA256=1",
            "CLOCKTOWER_AUTH_CERTIFICATES__NODE_EXPORTER_=viewer", "CLOCKTOWER_WEBHOOKS_OPS_SECRET=x",
            "CLOCKTOWER_WEBHOOKS_OPS_EVENTS=connected", "CLOCKTOWER_AUTH_TOKENS_FILE=", "CLOCKTOWERS=x", "CLOCK=x"})
    void aVariableThatIsAKeyIsAccepted(String variable) {
        assertEquals(List.of(), errors(variable));
    }

    @ParameterizedTest
    @CsvSource({"CLOCKTOWER_STATEDIR, CLOCKTOWER_STATE_DIR",
            "CLOCKTOWER_DEVICES_VM0_POLWINDOW, CLOCKTOWER_DEVICES_VM0_POLL_WINDOW",
            "CLOCKTOWER_DEVICES_VM0_CLOCKS_0_TYPE, CLOCKTOWER_DEVICES_VM0_CLOCKS_0__TYPE",
            "CLOCKTOWER_HTTP_PORT, CLOCKTOWER_HTTP_", "CLOCKTOWER_DEVICE_VM0_SOCKET, CLOCKTOWER_DEVICES_VM0_SOCKET",
            "clocktower_statedir, CLOCKTOWER_STATE_DIR"})
    void aVariableThatIsNoKeyIsNamedWithTheNearestKey(String variable, String nearest) {
        List<String> errors = errors(variable + "=/x");

        assertEquals(1, errors.size(), errors::toString);
        String question = nearest.endsWith("_") ? "" : " (did you mean '" + nearest + "'?)";
        assertEquals(variable + ": unknown environment variable" + question, errors.getFirst());
    }

    /** SmallRye reads them as no key, as their device is in no file: they would be ignored. */
    @ParameterizedTest
    @ValueSource(strings = {"CLOCKTOWER_DEVICES_VM_7_SOCKET=/x", "CLOCKTOWER_DEVICES=/x", "CLOCKTOWER_DEVICES_VM0=/x",
            "CLOCKTOWER_DEVICES__VM_0__COUNTER=/x", "CLOCKTOWER_=x"})
    void aVariableThatWouldBeIgnoredIsNamed(String variable) {
        assertEquals(1, errors(variable).size());
    }

    @Test
    void whatKubernetesSetsForAServiceIsAccepted() {
        assertEquals(List.of(), errors("CLOCKTOWER_SERVICE_HOST=10.0.0.1", "CLOCKTOWER_SERVICE_PORT=8090",
                "CLOCKTOWER_SERVICE_PORT_HTTP=8090", "CLOCKTOWER_PORT=tcp://10.0.0.1:8090",
                "CLOCKTOWER_PORT_8090_TCP=tcp://10.0.0.1:8090", "CLOCKTOWER_PORT_8090_TCP_PROTO=tcp",
                "CLOCKTOWER_PORT_8090_TCP_PORT=8090", "CLOCKTOWER_PORT_8090_TCP_ADDR=10.0.0.1",
                "CLOCKTOWER_METRICS_SERVICE_HOST=10.0.0.2", "CLOCKTOWER_METRICS_PORT=tcp://10.0.0.2:80"));
        assertEquals(1, errors("CLOCKTOWER_PORT=8091").size());
    }

    @Test
    void noValueIsShown() {
        assertEquals(-1, errors("CLOCKTOWER_AUTH_TOKEN_ALICE=secret").getFirst().indexOf("secret"));
    }

    private static List<String> errors(String... variables) {
        var environment = new java.util.HashMap<>(Map.of("PATH", "/bin"));
        for (String variable : variables) {
            String[] parts = variable.split("=", 2);
            environment.put(parts[0], parts[1]);
        }
        ClocktowerConfig config = config(environment, FILE);
        return Variables.errors(environment, config);
    }

    @ParameterizedTest
    @CsvSource({"clocktower.devices.vm-0.poll-window, vm-0", "clocktower.devices.\"vm-0\".poll-window, vm-0",
            "clocktower.devices.vm_0.labels.team, vm_0", "clocktower.devices.\"vm.0\".socket, vm.0",
            "clocktower.shutdown-grace, vm.0"})
    void aVariableNamesTheDeviceThatAFileHas(String property, String device) {
        for (String variable : List.of("CLOCKTOWER_DEVICES__VM_0__SOCKET", "CLOCKTOWER_DEVICES__VM_0__LABELS_A")) {
            ClocktowerConfig config = config(Map.of(variable, "/x"), Map.of(property, "1s"));

            assertEquals(java.util.Set.of(device), config.devices().keySet());
            assertEquals(variable.endsWith("A"), config.devices().get(device).labels().containsKey("a"));
            assertEquals(variable.endsWith("T"),
                    config.devices().get(device).socket().filter(path -> path.toString().equals("/x")).isPresent());
            assertEquals(List.of(), Variables.errors(Map.of(variable, "/x"), config));
        }
    }

    private static ClocktowerConfig config(Map<String, String> environment, Map<String, String> file) {
        return new SmallRyeConfigBuilder().withMapping(ClocktowerConfig.class).withInterceptors(new DeviceNames())
                .withSources(new EnvConfigSource(environment, 300), new PropertiesConfigSource(file, "file", 100))
                .build().getConfigMapping(ClocktowerConfig.class);
    }
}
