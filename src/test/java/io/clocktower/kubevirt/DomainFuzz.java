package io.clocktower.kubevirt;

import io.clocktower.config.ClocktowerConfig.FrontEndDevice;
import java.util.Arrays;

/** A domain's XML: it is refused by a {@link HookException}, or changed so that a second change changes nothing. */
public final class DomainFuzz {

    private static final String SOCKET = "/var/run/kubevirt-hooks/clocktower/vhost-user/vm0.sock";

    private DomainFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        byte[] changed;
        try {
            changed = change(input);
        } catch (HookException _) {
            return;
        }
        if (!Arrays.equals(changed, change(changed))) {
            throw new AssertionError("a second change changes something");
        }
    }

    private static byte[] change(byte[] bytes) {
        XmlDocument domain = XmlDocument.parse(bytes);
        DomainChange.apply(domain, FrontEndDevice.VHOST_USER_RTC_PCI, SOCKET);
        return domain.toBytes();
    }
}
