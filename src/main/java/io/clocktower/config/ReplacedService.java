package io.clocktower.config;

import io.clocktower.device.DeviceHost;
import io.clocktower.handover.Predecessor;
import io.clocktower.http.HttpPort;
import io.quarkus.runtime.Quarkus;
import jakarta.enterprise.inject.Instance;
import java.io.IOException;
import java.util.Optional;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/** This service while a successor takes over. */
final class ReplacedService implements Predecessor.Owner {

    private static final Logger LOG = Logger.getLogger(ReplacedService.class);

    private final ClocktowerConfig config;
    private final DeviceHost devices;
    private final Instance<HttpPort> http;
    private final Runnable closeState;
    private volatile boolean isReplaced;

    /**
     * @param closeState releases the state directory
     */
    ReplacedService(ClocktowerConfig config, DeviceHost devices, Instance<HttpPort> http, Runnable closeState) {
        this.config = config;
        this.devices = devices;
        this.http = http;
        this.closeState = closeState;
    }

    static String ownRelease() {
        return ConfigProvider.getConfig().getOptionalValue("quarkus.application.version", String.class)
                .orElse("unknown");
    }

    /** Whether a successor serves. */
    boolean isReplaced() {
        return isReplaced;
    }

    /** Whether another process may listen at the port of HTTP, too. */
    void shareHttp(boolean isAllowed) {
        try {
            http.get().share(isAllowed);
        } catch (IOException e) {
            LOG.warnf("HTTP: SO_REUSEPORT cannot be set: %s", e.getMessage());
        }
    }

    @Override
    public String release() {
        return ownRelease();
    }

    @Override
    public Optional<String> refusal() {
        if (devices.isDraining()) {
            return Optional.of("the running service is stopping");
        }
        return config.kubevirt().hook().enabled() || config.kubevirt().plugin().enabled()
                ? Optional.of("the running service is the sidecar of a pod")
                : Optional.empty();
    }

    @Override
    public void onSuccessor() {
        shareHttp(true);
    }

    @Override
    public void onPause() {
        devices.setAbsence(Optional.of("The service is being replaced by its successor; try again."));
    }

    @Override
    public void releaseState() {
        closeState.run();
    }

    @Override
    public void onFailure() {
        devices.setAbsence(Optional.empty());
        shareHttp(false);
    }

    @Override
    public void end() {
        isReplaced = true;
        http.get().stopAccepting();
        Quarkus.asyncExit(0);
    }
}
