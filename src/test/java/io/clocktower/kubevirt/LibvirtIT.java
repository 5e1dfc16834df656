package io.clocktower.kubevirt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clocktower.app.PackagedApplication;
import io.clocktower.config.ClocktowerConfig.FrontEndDevice;
import io.clocktower.guest.AgentPort;
import io.clocktower.guest.GuestStack;
import io.clocktower.setup.SetUp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * libvirt takes what the hook makes of a domain: its validator, and its daemon, which starts QEMU as user 107 in a file
 * system where the hooks' directory is where a pod of KubeVirt has it. The service runs as user 107 beside it.
 */
class LibvirtIT {

    private static final SetUp SET_UP = new SetUp("src/test/libvirt/set-up", "no libvirt can be run");
    private static final String CONTAINER = "hook-sidecar-0";
    private static final String USER = "107";
    private static final Duration BOOT = Duration.ofSeconds(120);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final Duration OFFSET = Duration.ofMinutes(-5);
    private static final Pattern PTP_TIME = Pattern.compile("clock time: (\\d+)\\.");
    /** Arguments: the root file system, and the directory of the hooks and of the guest. */
    private static final String LIBVIRTD = """
            set -eu
            root=$1 directory=$2
            mount --make-rprivate /
            mount -t proc proc "$root/proc"
            mount --rbind /dev "$root/dev"
            mount --rbind /sys "$root/sys"
            for writable in run var/lib/libvirt var/log/libvirt var/cache/libvirt etc/libvirt/qemu; do
                mkdir -p "$root/$writable"
                mount -t tmpfs -o mode=755 tmpfs "$root/$writable"
            done
            mkdir -p "$root/run/kubevirt-hooks" "$root/run/guest" "$root/run/lock"
            mount --bind "$directory/hooks" "$root/run/kubevirt-hooks"
            mount --bind "$directory/guest" "$root/run/guest"
            # The shell stays, and reaps what libvirtd leaves: to libvirtd a process that is not reaped lives on.
            chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin libvirtd &
            wait
            """;

    @TempDir
    private Path directory;

    @BeforeAll
    static void needsRoot() throws Exception {
        assumeTrue(run(List.of("unshare", "--mount", "--pid", "--fork", "true")).status() == 0,
                "no namespaces, which take root");
        assumeTrue(run(asUser("test", "-r",
                Path.of(System.getProperty("basedir", "")).toAbsolutePath().resolve("target/quarkus-app")
                        .toString()))
                .status() == 0, "user " + USER + " cannot read the application");
    }

    private record Ended(int status, String output) {}

    private static Ended run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Ended(process.waitFor(), output);
    }

    private static List<String> asUser(String... command) {
        List<String> all = new ArrayList<>(List.of("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups",
                "--no-new-privs", "--bounding-set=-all"));
        all.addAll(List.of(command));
        return all;
    }

    @Test
    void theValidatorFindsNothingAfterTheChangeThatItDidNotFindBefore() throws Exception {
        Path root = SET_UP.require().get("root");
        Path files = Files.createTempDirectory(root.resolve("tmp"), "domains");
        try {
            for (String name : Domains.names().toList()) {
                XmlDocument domain = XmlDocument.parse(Domains.read(name).getBytes(UTF_8));
                Files.write(files.resolve(name + ".before"), domain.toBytes());
                DomainChange.apply(domain, FrontEndDevice.VHOST_USER_RTC_PCI,
                        "/run/vm0.sock");
                Files.write(files.resolve(name + ".after"), domain.toBytes());
            }
            Ended validated = run(List.of("chroot", root.toString(), "sh", "-c",
                    "for file in /tmp/" + files.getFileName()
                            + "/*; do virt-xml-validate $file domain || echo FAILED; done"));
            assertEquals(2 * Domains.names().count(),
                    validated.output().lines().filter(line -> line.endsWith(" validates")).count(), validated.output());
        } finally {
            run(List.of("rm", "-r", files.toString()));
        }
    }

    @Test
    void libvirtStartsAChangedDomainAndTheServiceOutlivesTheGuestByLessThanASecond() throws Exception {
        Path root = SET_UP.require().get("root");
        prepare(GuestStack.require());
        Path hooks = directory.resolve("hooks");
        List<String> launcher = new ArrayList<>(List.of("env", "-i", "PATH=/usr/bin:/bin",
                "JAVA_HOME=" + System.getProperty("java.home"), "CONTAINER_NAME=" + CONTAINER,
                "XDG_RUNTIME_DIR=/var/run"));
        launcher.addAll(asUser());
        Process libvirtd = new ProcessBuilder("unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c",
                LIBVIRTD, "libvirtd", root.toString(), directory.toString()).redirectErrorStream(true)
                .redirectOutput(directory.resolve("libvirtd.log").toFile()).start();
        try (var agent = AgentPort.listen(directory.resolve("guest/agent.sock"));
                var application = PackagedApplication.start(launcher, directory,
                        Map.of("clocktower.kubevirt.hook.enabled", "true", "clocktower.kubevirt.hook.directory",
                                hooks.resolve(CONTAINER).toString(), "clocktower.state-dir", ""));
                var manager = new HookManager(hooks)) {
            Files.setPosixFilePermissions(directory.resolve("guest/agent.sock"),
                    PosixFilePermissions.fromString("rwxrwxrwx"));
            manager.collect(Duration.ofSeconds(5));
            Files.writeString(directory.resolve("guest/domain.xml"), manager.defineDomain("v1alpha3", domain(), """
                    {"metadata":{"namespace":"shop","name":"till-1","annotations":{"clocktower.io/offset":"-5m"}},
                     "spec":{"terminationGracePeriodSeconds":60}}"""));

            virsh(libvirtd, root, "define", "/run/guest/domain.xml");
            virsh(libvirtd, root, "start", "shop_till-1");
            assertEquals("ready", agent.next(BOOT).orElseThrow(() -> new AssertionError(console())));
            assertOffset(agent);

            application.signal("TERM");
            for (int i = 0; i < 5; i++) {
                assertOffset(agent);
                Thread.sleep(1_000);
            }
            agent.send("poweroff");
            while (application.get("q/health/live") != null
                    && virsh(libvirtd, root, "domstate", "shop_till-1").output().contains("running")) {
                Thread.sleep(20);
            }
            long endedNs = System.nanoTime();
            assertEquals(0, application.awaitEnd().status());
            assertTrue(System.nanoTime() - endedNs < Duration.ofSeconds(1).toNanos());
        } finally {
            libvirtd.destroyForcibly().waitFor();
        }
    }

    private void prepare(GuestStack guest) throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createDirectories(directory.resolve("hooks").resolve(CONTAINER));
        Files.createDirectory(directory.resolve("guest"));
        Files.copy(guest.kernel(), directory.resolve("guest/kernel"));
        Files.copy(guest.initrd(), directory.resolve("guest/initrd"));
        run(List.of("chown", "-R", USER + ":" + USER, directory.resolve("hooks").toString(),
                directory.resolve("guest").toString()));
    }

    private static String domain() {
        return """
                <domain type="qemu">
                	<name>shop_till-1</name>
                	<memory unit="MiB">256</memory>
                	<vcpu placement="static">1</vcpu>
                	<os>
                		<type arch="x86_64" machine="q35">hvm</type>
                		<kernel>/run/guest/kernel</kernel>
                		<initrd>/run/guest/initrd</initrd>
                		<cmdline>console=ttyS0</cmdline>
                	</os>
                	<features>
                		<acpi></acpi>
                	</features>
                	<devices>
                		<emulator>/usr/bin/qemu-system-x86_64</emulator>
                		<controller type="usb" index="0" model="none"></controller>
                		<controller type="virtio-serial" index="0"></controller>
                		<serial type="file">
                			<source path="/run/guest/console.log"></source>
                			<target port="0"></target>
                		</serial>
                		<channel type="unix">
                			<source mode="connect" path="/run/guest/agent.sock"></source>
                			<target name="agent" type="virtio"></target>
                		</channel>
                		<memballoon model="none"></memballoon>
                	</devices>
                </domain>
                """;
    }

    /** Waits for the daemon first. */
    private static Ended virsh(Process libvirtd, Path root, String... command) throws Exception {
        List<String> all = new ArrayList<>(List.of("nsenter", "--target", Long.toString(libvirtd.pid()), "--mount",
                "chroot", root.toString(), "virsh", "--connect", "qemu:///system"));
        all.addAll(List.of(command));
        Ended ended = run(all);
        for (int tries = 0; tries < 100 && ended.output().contains("Failed to connect socket"); tries++) {
            Thread.sleep(100);
            ended = run(all);
        }
        assertTrue(ended.status() == 0, ended.output());
        return ended;
    }

    private static void assertOffset(AgentPort agent) throws Exception {
        agent.send("run testptp -d /dev/ptp0 -g");
        String answer = agent.next(ANSWER).orElseThrow();
        String output = new String(Base64.getDecoder().decode(answer.split(" ")[2]), UTF_8);
        Matcher time = PTP_TIME.matcher(output);
        assertTrue(time.find(), output);
        Duration offset = Duration.between(Instant.now(), Instant.ofEpochSecond(Long.parseLong(time.group(1))));
        assertTrue(offset.minus(OFFSET).abs().compareTo(Duration.ofSeconds(5)) < 0, offset + " " + output);
    }

    private String console() {
        try {
            return Files.readString(directory.resolve("guest/console.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
