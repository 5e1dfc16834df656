package io.clocktower.kubevirt;

import io.clocktower.config.ClocktowerConfig.FrontEndDevice;

/**
 * QEMU's device that is Clocktower's front-end.
 *
 * @param driver the name of QEMU's device
 * @param hasPort whether it gets a {@code pcie-root-port} of its own, so that it can be replaced while the guest runs; a
 *     machine without PCI Express has none
 * @param socket where Clocktower listens, as QEMU sees it
 */
record RtcDevice(FrontEndDevice driver, boolean hasPort, String socket) {

    static final String CHARDEV = "clocktower";
    static final String PORT = "clocktower-port";
    static final String DEVICE = "clocktower-rtc";

    /** libvirt numbers the chassis of its ports from 1. */
    private static final int CHASSIS = 254;
    /** QEMU's device for any vhost-user back-end is told that this one is virtio-rtc, with a requestq and an alarmq. */
    private static final String GENERIC = ",\"virtio-id\":17,\"num_vqs\":2";

    String chardevOptions() {
        return "socket,id=" + CHARDEV + ",path=" + socket.replace(",", ",,");
    }

    /**
     * In JSON, as libvirt writes devices: QEMU makes those of the other form first, which would take the slots that libvirt
     * gives to its own.
     */
    String portOptions() {
        return "{\"driver\":\"pcie-root-port\",\"id\":\"%s\",\"bus\":\"pcie.0\",\"chassis\":%d}".formatted(PORT,
                CHASSIS);
    }

    /**
     * @param chardev the id of the character device at the socket
     */
    String deviceOptions(String chardev) {
        return "{\"driver\":%s,\"id\":\"%s\",\"chardev\":\"%s\"%s}".formatted(driverOptions(), DEVICE, chardev,
                hasPort ? ",\"bus\":\"" + PORT + "\"" : "");
    }

    private String driverOptions() {
        return switch (driver) {
            case VHOST_USER_RTC_PCI -> "\"vhost-user-rtc-pci\"";
            case VHOST_USER_TEST_DEVICE_PCI -> "\"vhost-user-test-device-pci\"" + GENERIC;
            case VHOST_USER_DEVICE_PCI -> "\"vhost-user-device-pci\"" + GENERIC;
        };
    }
}
