package io.clocktower.kubevirt;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clocktower.app.ImageFiles;
import io.clocktower.app.PackagedApplication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The service in the files of its image, as a pod of KubeVirt runs the container of an annotation's sidecar: user and group
 * 107 without capabilities, a read-only root, a {@code /tmp} whose files cannot be run, no home, namespaces of its own for
 * mounts and processes, and the directory that virt-launcher looks into. It takes root.
 */
public final class SidecarPod implements AutoCloseable {

    private static final String CONTAINER = "hook-sidecar-0";
    private static final String HOOKS = "/var/run/kubevirt-hooks";
    private static final String USER = "107:107";
    private static final String LATEST = "v1alpha3";
    /** How long virt-launcher waits for its sidecars. */
    private static final Duration MANAGER_WAITS = Duration.ofSeconds(240);
    private static final String VMI = """
            {"metadata":{"namespace":"shop","name":"till-1"},"spec":{"terminationGracePeriodSeconds":7,"domain":{"devices":{}}}}""";
    /** Arguments: the root, the directory of the hooks, the program outside of the root, and the command in it. */
    private static final String IN_POD = """
            set -eu
            root=$0 hooks=$1
            shift 2
            mount --make-rprivate /
            mount --bind "$root" "$root"
            mount -t proc proc "$root/proc"
            mount --bind /dev "$root/dev"
            mount --rbind /sys "$root/sys"
            mount --bind "$hooks" "$root/run/kubevirt-hooks"
            mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs "$root/tmp"
            mount -o remount,bind,ro "$root"
            """;

    private final Path hooks;
    private final ImageFiles image;
    private final PackagedApplication application;
    private final HookManager manager;
    private final Duration ready;

    private SidecarPod(Path hooks, ImageFiles image, PackagedApplication application, HookManager manager,
            Duration ready) {
        this.hooks = hooks;
        this.image = image;
        this.application = application;
        this.manager = manager;
        this.ready = ready;
    }

    /** Skips the test where there are no namespaces. */
    public static void require() throws IOException, InterruptedException {
        assumeTrue(new ProcessBuilder("unshare", "--mount", "--pid", "--fork", "true").start().waitFor() == 0,
                "no namespaces, which take root");
    }

    /**
     * Starts it, and waits for its hook as virt-launcher does.
     *
     * @param launcher a command that becomes another one, such as that of a control group
     * @param directory for its files
     */
    public static SidecarPod start(List<String> launcher, Path directory) throws Exception {
        ImageFiles image = ImageFiles.gather(directory.resolve("root"));
        Files.createDirectory(image.root().resolve("run/kubevirt-hooks"));
        Path hooks = directory.resolve("hooks");
        Path own = Files.createDirectories(hooks.resolve(CONTAINER));
        new ProcessBuilder("chown", USER, own.toString()).start().waitFor();
        var command = new ArrayList<>(launcher);
        command.addAll(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
                IN_POD + "exec " + inRoot(image, Map.of("CONTAINER_NAME", CONTAINER, "XDG_RUNTIME_DIR", "/var/run",
                        "XDG_CACHE_HOME", "/var/run/kubevirt-private", "XDG_CONFIG_HOME", "/var/run/kubevirt-private"),
                        image.entryPoint()) + " \"$@\"",
                image.root().toString(), own.toString()));
        long startNs = System.nanoTime();
        // What the chart gives such a container.
        PackagedApplication application = PackagedApplication.launch(command, directory, new TreeMap<>(Map.of(
                "clocktower.kubevirt.hook.enabled", "true", "clocktower.socket-dir", HOOKS + "/sockets",
                "clocktower.state-dir", HOOKS + "/state", "quarkus.http.host", "127.0.0.1",
                "clocktower.http.changes-per-second", "0")));
        var manager = new HookManager(hooks);
        application.awaitReady();
        var ready = Duration.ofNanos(System.nanoTime() - startNs);
        manager.collect(MANAGER_WAITS.minus(ready));
        return new SidecarPod(hooks, image, application, manager, ready);
    }

    /** A shell's words: the command as the image's user would run it in the root, with nothing but these variables. */
    private static String inRoot(ImageFiles image, Map<String, String> more, List<String> command) {
        var words = new ArrayList<>(List.of("setpriv", "--no-new-privs", "env", "-i"));
        var environment = new TreeMap<>(image.environment());
        environment.putAll(more);
        environment.forEach((name, value) -> words.add(name + "=" + value));
        words.addAll(List.of("/usr/sbin/chroot", "--userspec=" + USER, image.root().toString()));
        words.addAll(command);
        return String.join(" ", words.stream().map(word -> "'" + word + "'").toList());
    }

    public PackagedApplication application() {
        return application;
    }

    /** How long it took from exec until the service was ready. */
    public Duration ready() {
        return ready;
    }

    /** Where QEMU connects. */
    public Path socket() {
        return hooks.resolve(CONTAINER).resolve("sockets/vm0.sock");
    }

    /** Has the hook change a domain. */
    public String defineDomain() throws IOException {
        return manager.defineDomain(LATEST, Domains.read("kubevirt-plain"), VMI);
    }

    /** The exit status of the image's health check, run in the container. */
    public int healthCheck() throws IOException, InterruptedException {
        return new ProcessBuilder("nsenter", "--target", Long.toString(pid()), "--mount", "--pid", "sh", "-c",
                "exec " + inRoot(image, Map.of("CLOCKTOWER_URL", application.root().toString()), image.healthCheck()))
                .inheritIO().start().waitFor();
    }

    /** Of the service: the only child of the process that made its namespaces. */
    public long pid() {
        return ProcessHandle.of(application.pid()).orElseThrow().children().findFirst().orElseThrow().pid();
    }

    /** Ends it as virt-launcher does when the VM has ended. */
    public PackagedApplication.End shutDown() {
        manager.call(LATEST, "Shutdown", new WireMessage());
        return application.awaitEnd();
    }

    /** Kills it, if it has not ended. */
    @Override
    public void close() {
        manager.close();
        if (application.isRunning()) {
            ProcessHandle.of(pid()).ifPresent(ProcessHandle::destroyForcibly);
            application.awaitEnd();
        }
    }
}
