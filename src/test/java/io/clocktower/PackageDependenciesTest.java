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
            .layer("device").definedBy("io.clocktower.device..")
            .layer("plan").definedBy("io.clocktower.plan..")
            .layer("config").definedBy("io.clocktower.config..")
            .layer("audit").definedBy("io.clocktower.audit..")
            .layer("security").definedBy("io.clocktower.security..")
            .layer("webhook").definedBy("io.clocktower.webhook..")
            .layer("api").definedBy("io.clocktower.api..")
            .layer("metrics").definedBy("io.clocktower.metrics..")
            .layer("health").definedBy("io.clocktower.health..")
            .layer("kubevirt").definedBy("io.clocktower.kubevirt..")
            .whereLayer("linux").mayNotAccessAnyLayer()
            .whereLayer("memory").mayOnlyAccessLayers("linux")
            .whereLayer("virtqueue").mayOnlyAccessLayers("memory")
            .whereLayer("clock").mayNotAccessAnyLayer()
            .whereLayer("vhostuser").mayOnlyAccessLayers("linux", "memory", "virtqueue")
            .whereLayer("rtc").mayOnlyAccessLayers("clock", "virtqueue")
            .whereLayer("device").mayOnlyAccessLayers("linux", "memory", "virtqueue", "clock", "vhostuser", "rtc")
            .whereLayer("plan").mayOnlyAccessLayers("device", "clock")
            .whereLayer("config").mayOnlyAccessLayers("device", "clock")
            .whereLayer("audit").mayNotAccessAnyLayer()
            .whereLayer("security").mayOnlyAccessLayers("device", "clock", "config", "audit")
            .whereLayer("api").mayOnlyAccessLayers("device", "clock", "config", "audit", "plan")
            .whereLayer("metrics").mayOnlyAccessLayers("device", "clock", "config", "webhook")
            .whereLayer("webhook").mayOnlyAccessLayers("device", "clock", "config")
            .whereLayer("health").mayOnlyAccessLayers("device", "clock", "config")
            .whereLayer("kubevirt").mayOnlyAccessLayers("device", "clock", "config");

    @ArchTest
    static final ArchRule ONLY_THE_LINUX_PACKAGE_MAKES_DOWNCALLS = noClasses().that()
            .resideOutsideOfPackage("io.clocktower.linux..").should().dependOnClassesThat()
            .haveFullyQualifiedName("java.lang.foreign.Linker");
}
