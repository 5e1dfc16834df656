package io.clocktower.config;

import jakarta.inject.Singleton;

/** Whether the console is served: as configured, and by default unless the service is a sidecar of KubeVirt's. */
@Singleton
public final class ConsoleSwitch {

    private final boolean isOn;

    ConsoleSwitch(ClocktowerConfig config) {
        var kubevirt = config.kubevirt();
        isOn = config.console().enabled().orElse(!kubevirt.hook().enabled() && !kubevirt.plugin().enabled());
    }

    public boolean isOn() {
        return isOn;
    }
}
