package io.clocktower.kubevirt;

import io.clocktower.config.ClocktowerConfig.FrontEndDevice;
import java.util.List;
import java.util.Optional;

/**
 * Adds the device to the XML of a libvirt domain: shared memory and QEMU's arguments, each only if it is not there yet, and
 * nothing else. All that was there stays byte for byte.
 */
final class DomainChange {

    private static final String NONE = "";
    private static final List<String> EXPRESS_MACHINES = List.of("q35", "virt");

    private DomainChange() {}

    /**
     * @param socket where Clocktower listens, as QEMU sees it
     * @throws HookException if it is not a domain, or one that the device cannot work in
     */
    static void apply(XmlDocument domain, FrontEndDevice driver, String socket) {
        requirePossible(domain.root());
        SharedMemory.set(domain);
        QemuCommandline.add(domain, new RtcDevice(driver, hasExpress(machine(domain.root())), socket));
    }

    private static void requirePossible(XmlElement root) {
        if (!root.is(NONE, "domain")) {
            throw new HookException("the document's root is %s%s, expected domain in no namespace", root.localName(),
                    root.namespace().isEmpty() ? "" : " in the namespace " + root.namespace());
        }
        if (root.child(NONE, "launchSecurity").isPresent()) {
            throw new HookException(
                    "the domain has launchSecurity: the memory of a confidential VM cannot be shared with"
                            + " Clocktower; remove launchSecurity or the clock");
        }
        Optional<XmlElement> type = type(root);
        if (type.filter(os -> os.value("arch").startsWith("s390") || os.value("machine").startsWith("s390"))
                .isPresent()) {
            throw new HookException("the domain is for s390x, which has no PCI device for the clock: expected x86_64 or"
                    + " aarch64");
        }
    }

    private static Optional<XmlElement> type(XmlElement root) {
        return root.child(NONE, "os").flatMap(os -> os.child(NONE, "type"));
    }

    /** The type of the domain's machine, such as {@code pc-q35-11.1}; empty if none is given. */
    static String machine(XmlElement root) {
        return type(root).map(os -> os.value("machine")).orElse("");
    }

    private static boolean hasExpress(String machine) {
        return EXPRESS_MACHINES.stream().anyMatch(machine::contains);
    }
}
