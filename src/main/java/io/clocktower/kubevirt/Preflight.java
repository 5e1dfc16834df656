package io.clocktower.kubevirt;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** What will not work for a VM, though its domain can be defined: for one line of the log. */
final class Preflight {

    private static final String NONE = "";
    private static final List<Path> MEMORY_LIMITS = List.of(Path.of("/sys/fs/cgroup/memory.max"),
            Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    private static final long NO_LIMIT = 1L << 50;
    private static final Set<String> FILES = Set.of("file", "anonymous");
    private static final String GUARANTEED = "Guaranteed";

    private final XmlElement domain;
    private final Vmi vmi;
    private final List<String> warnings = new ArrayList<>();

    private Preflight(XmlElement domain, Vmi vmi) {
        this.domain = domain;
        this.vmi = vmi;
    }

    /**
     * @param domain the root of the domain as KubeVirt gave it
     */
    static List<String> warnings(XmlElement domain, Vmi vmi) {
        var preflight = new Preflight(domain, vmi);
        preflight.checkMachine();
        preflight.checkMemory();
        preflight.checkNetwork();
        preflight.checkResources();
        preflight.checkEviction();
        return preflight.warnings;
    }

    private void checkMachine() {
        String machine = DomainChange.machine(domain);
        if (machine.contains("rhel")) {
            warnings.add("machine type %s is of RHEL's QEMU, which has no vhost-user-rtc-pci: use a launcher image with"
                    .formatted(machine) + " QEMU 11.1 or later");
        }
    }

    private void checkMemory() {
        domain.children(NONE, "memoryBacking").filter(backing -> backing.child(NONE, "hugepages").isEmpty())
                .flatMap(backing -> backing.children(NONE, "source")).map(source -> source.value("type"))
                .filter(FILES::contains).findFirst()
                .ifPresent(type -> warnings
                        .add("memory is not shared as a memfd: with the source %s libvirt makes files of"
                                .formatted(type) + " it, which Clocktower refuses unless they are on tmpfs"));
        if (domain.children(NONE, "devices").flatMap(devices -> devices.children(NONE, "memory"))
                .anyMatch(memory -> memory.value("access").equals("private"))) {
            warnings.add("memory is not shared: a memory device has the access private");
        }
    }

    private void checkNetwork() {
        for (JsonNode networkInterface : vmi.spec().at("/domain/devices/interfaces")) {
            String name = networkInterface.path("name").asText();
            if (networkInterface.has("masquerade") && networkInterface.path("ports").isEmpty()) {
                warnings.add(
                        "interface %s: masquerade without ports sends every port to the guest, also that of the metrics:"
                                .formatted(name) + " list the guest's ports");
            } else if (networkInterface.has("bridge")) {
                warnings.add(
                        "interface %s: bridge gives the pod's address to the guest, so the metrics cannot be scraped"
                                .formatted(name));
            }
        }
    }

    private void checkResources() {
        boolean isDedicated = vmi.spec().at("/domain/cpu/dedicatedCpuPlacement").asBoolean();
        JsonNode resources = vmi.spec().at("/domain/resources");
        boolean isGuaranteed = resources.path("limits").has("cpu") && resources.path("limits").has("memory")
                && resources.path("limits").equals(resources.path("requests"));
        if (isDedicated || isGuaranteed) {
            OptionalLong limit = memoryLimit();
            warnings.add(
                    "%s give a sidecar 200m of CPU and 64M of memory, unless KubeVirt's supportContainerResources has"
                            .formatted(isDedicated ? "dedicated CPUs" : GUARANTEED + " resources") + " the type sidecar"
                            + (limit.isPresent()
                                    ? "; the limit here is %d MiB".formatted(limit.getAsLong() >> 20)
                                    : ""));
        }
    }

    private void checkEviction() {
        String strategy = vmi.spec().path("evictionStrategy").asText();
        if (strategy.startsWith("LiveMigrate")) {
            warnings.add(
                    "evictionStrategy %s: the device cannot be migrated, so a drain of the node would wait: use None"
                            .formatted(strategy));
        }
    }

    private static OptionalLong memoryLimit() {
        for (Path file : MEMORY_LIMITS) {
            try {
                long limit = Long.parseLong(Files.readString(file).strip());
                return limit < NO_LIMIT ? OptionalLong.of(limit) : OptionalLong.empty();
            } catch (IOException | NumberFormatException _) {
                // The other version of control groups, or no limit.
            }
        }
        return OptionalLong.empty();
    }
}
