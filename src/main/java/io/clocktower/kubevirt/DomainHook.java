package io.clocktower.kubevirt;

import io.clocktower.config.ClocktowerConfig.FrontEndDevice;
import io.clocktower.config.ShutdownGrace;
import io.clocktower.security.Protection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jboss.logging.Logger;
import org.jboss.logmanager.Level;

/** What happens when KubeVirt defines a domain: the device becomes what the VMI asks for, and the domain gets it. */
final class DomainHook {

    private static final Logger LOG = Logger.getLogger(DomainHook.class);
    private static final String MEMFD = "kubevirt.io/memfd";
    /** KubeVirt kills a container 30 s after the guest's grace period; the service needs some of that to end. */
    private static final Duration AFTER_GUEST = Duration.ofSeconds(25);
    /** The level of these is what an annotation sets. Held, so that it stays. */
    private static final org.jboss.logmanager.Logger LOGGERS = org.jboss.logmanager.Logger.getLogger("io.clocktower");

    private final PodDevice device;
    private final FrontEndDevice driver;
    private final UnaryOperator<Path> launcherPath;
    private final Protection protection;
    private final ShutdownGrace grace;
    private List<String> warnings = List.of();

    /**
     * @param driver what the device is called in the pod's QEMU
     * @param launcherPath a path of this container, as QEMU's has it
     */
    DomainHook(PodDevice device, FrontEndDevice driver, UnaryOperator<Path> launcherPath, Protection protection,
            ShutdownGrace grace) {
        this.device = device;
        this.driver = driver;
        this.launcherPath = launcherPath;
        this.protection = protection;
        this.grace = grace;
    }

    /**
     * Adds the device to a domain, and makes it as the VMI's annotations ask for.
     *
     * @param xml the domain
     * @param json the VMI
     * @return the changed domain
     * @throws HookException if that is not possible; then the device may have been changed, but not the domain
     */
    synchronized byte[] define(byte[] xml, byte[] json) {
        Vmi vmi = Vmi.parse(json);
        if ("false".equals(vmi.annotations().get(MEMFD))) {
            throw new HookException("annotation %s: \"false\", expected none: memory without memfd is in files, which"
                    + " cannot be shared with Clocktower", MEMFD);
        }
        VmSettings settings = VmSettings.of(vmi.annotations());
        XmlDocument domain = XmlDocument.parse(xml);
        DomainChange.apply(domain, driver, launcherPath.apply(device.spec().socket()).toString());
        device.apply(vmi, settings);
        giveTokens(settings);
        settings.logLevel().ifPresent(DomainHook::setLevel);
        grace.atLeast(vmi.gracePeriod().plus(AFTER_GUEST));
        warn(Preflight.warnings(domain.root(), vmi));
        return domain.toBytes();
    }

    private void giveTokens(VmSettings settings) {
        try {
            protection.giveTokens(settings.tokens());
        } catch (IllegalArgumentException e) {
            throw new HookException("%s", "annotation %s%s: %s".formatted(VmSettings.PREFIX, VmSettings.TOKENS,
                    e.getMessage()));
        }
    }

    private static void setLevel(String level) {
        LOGGERS.setLevel(switch (level) {
            case "debug" -> Level.DEBUG;
            case "warn" -> Level.WARN;
            case "error" -> Level.ERROR;
            default -> Level.INFO;
        });
    }

    private void warn(List<String> found) {
        if (!found.equals(warnings) && !found.isEmpty()) {
            LOG.warnf("%s: preflight: %s", device.name(), String.join("; ", found));
        }
        warnings = List.copyOf(found);
    }
}
