package io.clocktower.kubevirt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.marcnuri.helm.Helm;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.admissionregistration.v1beta1.MutatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1beta1.MutatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The chart, rendered by Helm itself. */
class ChartIT {

    private static final Path BASE = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    private static final Path CHART = BASE.resolve("helm/clocktower");
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final ObjectMapper STRICT = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .setAnnotationIntrospector(new JacksonAnnotationIntrospector() {

                private static final long serialVersionUID = 1L;

                /** The models would take into a map what they do not know. */
                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                    return false;
                }
            });
    private static final Map<String, Class<?>> MODELS = Map.ofEntries(Map.entry("ConfigMap", ConfigMap.class),
            Map.entry("Secret", Secret.class), Map.entry("Service", Service.class),
            Map.entry("ServiceAccount", ServiceAccount.class), Map.entry("Role", Role.class),
            Map.entry("DaemonSet", DaemonSet.class), Map.entry("NetworkPolicy", NetworkPolicy.class),
            Map.entry("Pod", Pod.class), Map.entry("MutatingAdmissionPolicy", MutatingAdmissionPolicy.class),
            Map.entry("MutatingAdmissionPolicyBinding", MutatingAdmissionPolicyBinding.class));
    /** Of other projects, which have no model here. */
    private static final List<String> OTHERS = List.of("PodMonitor", "PrometheusRule", "Plugin", "VirtualMachine");
    private static final List<String> SWITCHES = List.of("podMonitor.enabled", "prometheusRule.enabled",
            "dashboard.enabled", "networkPolicy.enabled", "plugin.enabled", "exampleVm.enabled");

    private static List<JsonNode> render(String... settings) throws IOException {
        var command = new Helm(CHART).template().withName("ct").withNamespace("clocks");
        for (String setting : settings) {
            command.set(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        }
        List<JsonNode> objects = new ArrayList<>();
        YAML.readerFor(JsonNode.class).<JsonNode>readValues(command.call()).forEachRemaining(object -> {
            if (object != null && object.isObject()) {
                objects.add(object);
            }
        });
        return objects;
    }

    private static JsonNode object(List<JsonNode> objects, String kind) {
        return objects.stream().filter(object -> object.get("kind").asText().equals(kind)).findFirst().orElseThrow();
    }

    private static void parse(JsonNode object) throws IOException {
        String kind = object.get("kind").asText();
        assertTrue(MODELS.containsKey(kind) || OTHERS.contains(kind), kind);
        if (MODELS.containsKey(kind)) {
            STRICT.treeToValue(object, MODELS.get(kind));
        }
        assertTrue(object.at("/metadata/name").asText().matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
                object.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"node", "sidecar"})
    void everyModeWithEachSwitchHasOnlyObjectsThatKubernetesKnows(String mode) throws Exception {
        List<String> all = new ArrayList<>(List.of("mode=" + mode, "tokens[0].name=ops", "tokens[0].role=operator",
                "tokens[0].sha256=" + "ab".repeat(32), "config.poll.x=1"));
        for (JsonNode object : render("mode=" + mode)) {
            parse(object);
        }
        for (String option : SWITCHES) {
            for (JsonNode object : render("mode=" + mode, option + "=true")) {
                parse(object);
            }
            all.add(option + "=true");
        }
        for (JsonNode object : render(all.toArray(String[]::new))) {
            parse(object);
        }
    }

    @Test
    void anUnknownFieldIsNoticed() {
        assertThrows(UnrecognizedPropertyException.class,
                () -> STRICT.readValue("{\"spec\":{\"containers\":[{\"nmae\":\"x\"}]}}", Pod.class));
    }

    @Test
    void byDefaultNothingNeedsACustomResourceDefinition() throws Exception {
        for (String mode : List.of("node", "sidecar")) {
            assertFalse(
                    render("mode=" + mode).stream().anyMatch(object -> OTHERS.contains(object.get("kind").asText())));
        }
    }

    @Test
    void theChartPassesTheLinter() {
        var result = new Helm(CHART).lint().strict().call();

        assertFalse(result.isFailed(), result.getMessages().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mode=pod", "monitoring.port=8090", "monitoring.port=80", "tokens[0].name=x", "unknown=1",
            "image.pullPolicy=Sometimes", "node.socketDirectory=run", "exampleVm.name=A b",
            "plugin.annotation=clocktower.io/x",
            "podMonitor.interval=often", "node.shutdownGraceSeconds=-1"})
    void theSchemaRefusesABadValue(String setting) {
        String reason = assertThrows(IllegalStateException.class, () -> render(setting)).getMessage();
        assertTrue(reason.contains("values don't meet the specifications of the schema"), reason);
    }

    @Test
    void rulesAndDashboardAreTheFilesOfTheDeployment() throws Exception {
        List<JsonNode> objects = render("prometheusRule.enabled=true", "dashboard.enabled=true");

        assertEquals(YAML.readTree(BASE.resolve("deployment/prometheus/clocktower-rules.yaml").toFile()),
                object(objects, "PrometheusRule").get("spec"));
        JsonNode dashboard = objects.stream()
                .filter(object -> object.at("/metadata/name").asText().endsWith("-dashboard"))
                .findFirst().orElseThrow();
        assertEquals(Files.readString(BASE.resolve("deployment/grafana/clocktower.json")).strip(),
                dashboard.at("/data/clocktower.json").asText().strip());
    }

    @Test
    void livenessWaitsTenMinutesForAnAnswer() throws Exception {
        JsonNode probe = object(render("mode=node"), "DaemonSet").at("/spec/template/spec/containers/0/livenessProbe");

        assertTrue(probe.get("periodSeconds").asInt() * probe.get("failureThreshold").asInt() >= 600, probe.toString());
    }

    @Test
    void theAnnotationOfTheExampleIsOneThatKubevirtReads() throws Exception {
        JsonNode vm = object(render("exampleVm.enabled=true"), "VirtualMachine");
        JsonNode annotations = vm.at("/spec/template/metadata/annotations");
        JsonNode sidecar = STRICT.readTree(annotations.get("hooks.kubevirt.io/hookSidecars").asText()).get(0);

        assertEquals("clocktower:0.1.0", sidecar.get("image").asText());
        assertEquals("-Dclocktower.kubevirt.hook.enabled=true", sidecar.at("/args/0").asText());
        assertEquals("ct", sidecar.at("/configMap/name").asText());
        assertEquals("None", vm.at("/spec/template/spec/evictionStrategy").asText());
        VmSettings.of(annotations.properties().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, annotation -> annotation.getValue().asText())));
    }

    @Test
    void theExamplesGuestFollowsTheDevice() throws Exception {
        List<JsonNode> objects = render("exampleVm.enabled=true");
        JsonNode secret = object(objects, "Secret");

        assertEquals(Files.readString(Path.of("deployment/guest/user-data-follow-phc2sys.yaml")).strip(),
                secret.at("/stringData/userdata").asText().strip());
        assertEquals(secret.at("/metadata/name").asText(), object(objects, "VirtualMachine")
                .at("/spec/template/spec/volumes/1/cloudInitNoCloud/secretRef/name").asText());
    }

    @Test
    void thePluginHasAConditionAndItsSocketIsWhereTheContainerMakesIt() throws Exception {
        List<JsonNode> objects = render("plugin.enabled=true");
        JsonNode plugin = object(objects, "Plugin").get("spec");

        assertTrue(plugin.get("condition").asText().contains("clock-from-clocktower"));
        assertEquals("/var/run/kubevirt-plugin/clocktower/clocktower.sock",
                plugin.at("/domainHooks/0/sidecar/socketPath").asText());
        String patch = object(objects, "MutatingAdmissionPolicy").at("/spec/mutations/0/jsonPatch/expression").asText();
        assertTrue(patch.contains("mountPath: \"/var/run/kubevirt-plugin/clocktower\"") && patch.contains("subPath: ")
                && patch.contains("restartPolicy: \"Always\""), patch);
    }

    @Test
    void theTableOfTheReadmeHasAllValues() throws Exception {
        var known = new TreeSet<String>();
        collect("", YAML.readTree(CHART.resolve("values.yaml").toFile()), known);
        try (Stream<String> lines = Files.lines(CHART.resolve("README.md"))) {
            assertEquals(known, lines.filter(line -> line.startsWith("| `"))
                    .map(line -> line.substring(3, line.indexOf('`', 3)))
                    .collect(Collectors.toCollection(TreeSet::new)));
        }
    }

    private static void collect(String path, JsonNode value, TreeSet<String> known) {
        boolean isGroup = value.isObject() && !value.isEmpty() && !path.endsWith(".labels")
                && !path.startsWith("resources");
        if (isGroup) {
            value.properties().forEach(
                    member -> collect(path.isEmpty() ? member.getKey() : path + "." + member.getKey(),
                            member.getValue(),
                            known));
        } else {
            known.add(path);
        }
    }
}
