package io.clocktower;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Each package imports only what stands above it in the table of {@code docs/architecture.md}. */
@AnalyzeClasses(packages = "io.clocktower", importOptions = ImportOption.DoNotIncludeTests.class)
class PackageDependenciesTest {

    @ArchTest
    static final ArchRule EACH_PACKAGE_IMPORTS_ONLY_WHAT_STANDS_ABOVE_IT = layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("io.clocktower..").withOptionalLayers(true)
            .layer("linux").definedBy("io.clocktower.linux..")
            .layer("memory").definedBy("io.clocktower.memory..")
            .layer("virtqueue").definedBy("io.clocktower.virtqueue..")
            .layer("clock").definedBy("io.clocktower.clock..")
            .layer("vhostuser").definedBy("io.clocktower.vhostuser..")
            .layer("rtc").definedBy("io.clocktower.rtc..")
            .layer("spec").definedBy("io.clocktower.spec..")
            .layer("fault").definedBy("io.clocktower.fault..")
            .layer("event").definedBy("io.clocktower.event..")
            .layer("state").definedBy("io.clocktower.state..")
            .layer("socket").definedBy("io.clocktower.socket..")
            .layer("loop").definedBy("io.clocktower.loop..")
            .layer("host").definedBy("io.clocktower.host..")
            .layer("counter").definedBy("io.clocktower.counter..")
            .layer("status").definedBy("io.clocktower.status..")
            .layer("hosted").definedBy("io.clocktower.hosted..")
            .layer("device").definedBy("io.clocktower.device..")
            .layer("handover").definedBy("io.clocktower.handover..")
            .layer("plan").definedBy("io.clocktower.plan..")
            .layer("config").definedBy("io.clocktower.config..")
            .layer("audit").definedBy("io.clocktower.audit..")
            .layer("http").definedBy("io.clocktower.http..")
            .layer("security").definedBy("io.clocktower.security..")
            .layer("webhook").definedBy("io.clocktower.webhook..")
            .layer("api").definedBy("io.clocktower.api..")
            .layer("metrics").definedBy("io.clocktower.metrics..")
            .layer("health").definedBy("io.clocktower.health..")
            .layer("cli").definedBy("io.clocktower.cli..")
            .layer("kubevirt").definedBy("io.clocktower.kubevirt..")
            .layer("console").definedBy("io.clocktower.console..")
            .layer("nativeimage").definedBy("io.clocktower.nativeimage..")
            .whereLayer("linux").mayNotAccessAnyLayer()
            .whereLayer("nativeimage").mayNotAccessAnyLayer()
            .whereLayer("memory").mayOnlyAccessLayers("linux")
            .whereLayer("virtqueue").mayOnlyAccessLayers("memory")
            .whereLayer("clock").mayNotAccessAnyLayer()
            .whereLayer("vhostuser").mayOnlyAccessLayers("linux", "memory", "virtqueue")
            .whereLayer("rtc").mayOnlyAccessLayers("clock", "virtqueue")
            .whereLayer("spec").mayOnlyAccessLayers("clock")
            .whereLayer("fault").mayOnlyAccessLayers("clock", "spec")
            .whereLayer("event").mayOnlyAccessLayers("clock", "spec", "fault")
            .whereLayer("state").mayOnlyAccessLayers("linux", "clock", "rtc", "spec", "fault", "event")
            .whereLayer("host").mayOnlyAccessLayers("linux", "clock", "rtc")
            .whereLayer("counter").mayOnlyAccessLayers("linux", "clock", "rtc")
            .whereLayer("socket").mayOnlyAccessLayers("linux", "clock", "spec", "fault", "event")
            .whereLayer("loop").mayOnlyAccessLayers("linux")
            .whereLayer("status").mayOnlyAccessLayers("vhostuser", "rtc", "clock", "spec", "fault")
            .whereLayer("hosted")
            .mayOnlyAccessLayers("linux", "loop", "socket", "host", "counter", "memory", "virtqueue", "vhostuser",
                    "rtc", "clock", "spec", "fault", "event", "state", "status")
            .whereLayer("device")
            .mayOnlyAccessLayers("linux", "loop", "socket", "host", "counter", "memory", "virtqueue", "vhostuser",
                    "rtc", "clock", "spec", "fault", "event", "state", "status", "hosted")
            .whereLayer("handover")
            .mayOnlyAccessLayers("linux", "memory", "vhostuser", "counter", "host", "hosted", "device", "clock", "spec",
                    "fault", "event", "state", "status")
            .whereLayer("plan").mayOnlyAccessLayers("device", "clock", "spec", "fault", "state", "status")
            .whereLayer("config")
            .mayOnlyAccessLayers("socket", "host", "loop", "http", "device", "handover", "clock", "spec", "fault",
                    "event",
                    "state", "status")
            .whereLayer("audit").mayOnlyAccessLayers("spec")
            .whereLayer("http").mayOnlyAccessLayers("linux")
            .whereLayer("security")
            .mayOnlyAccessLayers("http", "device", "config", "audit", "clock", "spec", "fault", "event", "state",
                    "status")
            .whereLayer("api")
            .mayOnlyAccessLayers("host", "device", "handover", "config", "audit", "plan", "security", "clock", "spec",
                    "fault", "event", "state", "status")
            .whereLayer("metrics")
            .mayOnlyAccessLayers("linux", "loop", "host", "http", "device", "plan", "config", "audit", "security",
                    "webhook", "clock", "spec", "fault", "event", "state", "status")
            .whereLayer("webhook")
            .mayOnlyAccessLayers("device", "handover", "config", "clock", "spec", "fault", "event", "state", "status")
            .whereLayer("health")
            .mayOnlyAccessLayers("device", "config", "loop", "clock", "spec", "fault", "event", "state", "status")
            .whereLayer("cli").mayOnlyAccessLayers("spec")
            .whereLayer("console").mayOnlyAccessLayers("config", "clock", "spec", "fault")
            .whereLayer("kubevirt")
            .mayOnlyAccessLayers("device", "config", "security", "clock", "spec", "fault", "event", "state", "status");

    @ArchTest
    static final ArchRule ONLY_THE_LINUX_PACKAGE_MAKES_DOWNCALLS = noClasses().that()
            .resideOutsideOfPackage("io.clocktower.linux..").should().dependOnClassesThat()
            .haveFullyQualifiedName("java.lang.foreign.Linker");
}
