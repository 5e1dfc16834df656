package io.clocktower.kubevirt;

import io.clocktower.config.ClocktowerConfig;
import io.clocktower.config.ShutdownGrace;
import io.clocktower.device.DeviceHost;
import io.clocktower.security.Protection;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.spec.Names;
import io.clocktower.spec.Texts;
import io.clocktower.status.DeviceState;
import io.grpc.ServerServiceDefinition;
import io.quarkus.runtime.Application;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/** The hooks that KubeVirt calls, if they are enabled, and the end of a service whose VM has ended. */
@ApplicationScoped
public class KubevirtHooks {

    private static final Logger LOG = Logger.getLogger(KubevirtHooks.class);
    private static final String PREFIX = "clocktower.kubevirt.";
    private static final String NAME = "clocktower";
    private static final String SOCKET = ".sock";
    private static final String CONTAINER_NAME = "CONTAINER_NAME";
    /** Where virt-launcher's container has the directories of all sidecars, each under the container's name. */
    private static final Path LAUNCHER_DIRECTORY = Path.of("/var/run/kubevirt-hooks");
    private static final long POLL_MS = 20;

    private final ClocktowerConfig.Kubevirt config;
    private final DeviceHost devices;
    private final Protection protection;
    private final ShutdownGrace grace;
    private final Optional<String> container = Optional.ofNullable(System.getenv(CONTAINER_NAME))
            .filter(name -> !name.isEmpty());
    private final List<HookServer> servers = new ArrayList<>();
    private final AtomicBoolean isEnding = new AtomicBoolean();

    KubevirtHooks(ClocktowerConfig config, DeviceHost devices, Protection protection, ShutdownGrace grace) {
        this.config = config.kubevirt();
        this.devices = devices;
        this.protection = protection;
        this.grace = grace;
    }

    /** When the devices are there. */
    void onStart(@Observes @Priority(Interceptor.Priority.LIBRARY_AFTER) StartupEvent event) {
        if (!config.hook().enabled() && !config.plugin().enabled()) {
            return;
        }
        List<DeviceSpec> specs = devices.specs();
        if (specs.size() != 1) {
            throw new ConfigurationException(
                    "clocktower.devices: %d devices, expected one in a pod of KubeVirt, which has one VM"
                            .formatted(specs.size()));
        }
        DeviceSpec device = specs.getFirst();
        var hook = new DomainHook(new PodDevice(devices, device), config.device(), this::ofLauncher, protection, grace);
        var services = new HookServices(hook::define, () -> endWithoutVm(device.name()));
        if (config.hook().enabled()) {
            Path directory = directory("hook.directory", config.hook().directory());
            container.filter(name -> !Names.isName(name)).ifPresent(name -> {
                throw new ConfigurationException(
                        "%s: %s, expected a container's name".formatted(CONTAINER_NAME, Texts.quoted(name)));
            });
            open("hook.directory", directory.resolve(container.map(name -> NAME + "-" + name).orElse(NAME) + SOCKET),
                    services.ofSidecar());
        }
        if (config.plugin().enabled()) {
            Path directory = directory("plugin.directory", config.plugin().directory());
            open("plugin.directory", directory.resolve(NAME + SOCKET), services.ofPlugin());
        }
        Runtime.getRuntime().addShutdownHook(new Thread(KubevirtHooks::endWithZero, "exit-status"));
    }

    /** After SIGTERM the JVM's own status would be 143, and KubeVirt would take the sidecar for one that failed. */
    private static void endWithZero() {
        Application.currentApplication().awaitShutdown();
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(0);
    }

    private static Path directory(String key, Path configured) {
        Path directory = configured.toAbsolutePath().normalize();
        if (!Files.isDirectory(directory)) {
            throw new ConfigurationException(
                    "%s%s: %s is not a directory, expected the volume that the pod's containers"
                            .formatted(PREFIX, key, directory) + " share");
        }
        return directory;
    }

    private void open(String key, Path socket, List<ServerServiceDefinition> services) {
        try {
            servers.add(HookServer.open(socket, services));
            LOG.infof("kubevirt: the hook is at %s", socket);
        } catch (IOException | RuntimeException e) {
            close();
            throw new ConfigurationException(
                    "%s%s: cannot listen at %s: %s".formatted(PREFIX, key, socket, e.getMessage()), e);
        }
    }

    /** A path as virt-launcher's container has it. The directory of a plugin is the same one in both. */
    private Path ofLauncher(Path path) {
        Path directory = config.hook().directory().toAbsolutePath().normalize();
        return config.hook().enabled() && container.isPresent() && path.startsWith(directory)
                ? LAUNCHER_DIRECTORY.resolve(container.get()).resolve(directory.relativize(path))
                : path;
    }

    /** QEMU has ended, so its connection is about to close, unless it has. A service that stays would keep the pod. */
    private void endWithoutVm(String device) {
        if (isEnding.compareAndSet(false, true)) {
            LOG.infof("%s: KubeVirt shuts the hook down; the service ends when no virtual machine is connected",
                    device);
            Thread.ofVirtual().start(() -> {
                while (isConnected(device)) {
                    try {
                        Thread.sleep(POLL_MS);
                    } catch (InterruptedException _) {
                        return;
                    }
                }
                Quarkus.asyncExit(0);
            });
        }
    }

    private boolean isConnected(String device) {
        return devices.counters(device).filter(counters -> counters.state() == DeviceState.CONNECTED).isPresent();
    }

    void onStop(@Observes ShutdownEvent event) {
        close();
    }

    private void close() {
        servers.forEach(HookServer::close);
        servers.clear();
    }
}
