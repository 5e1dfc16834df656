package io.clocktower.config;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.NewestLeapSeconds;
import io.clocktower.clock.NewestLeapSeconds.Why;
import io.clocktower.device.DeviceException;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceSpec;
import io.clocktower.device.EventLoop;
import io.clocktower.device.PrivateDirectory;
import io.clocktower.device.StateDirectory;
import io.clocktower.device.SystemHostClock;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.vertx.http.HttpServer;
import io.quarkus.vertx.http.HttpServerStart;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The life of the devices in this service: made of the configuration at its start, served until its end. */
@ApplicationScoped
public class Hosting {

    private static final Logger LOG = Logger.getLogger(Hosting.class);

    private final ClocktowerConfig config;
    private final LeapSeconds leapSeconds;
    private final DeviceHost devices;
    private StateDirectory state;

    Hosting(ClocktowerConfig config) {
        this.config = config;
        leapSeconds = newestLeapSeconds();
        devices = new DeviceHost(new SystemHostClock(leapSeconds), leapSeconds, Math.max(1, config.eventLoops()));
    }

    private static LeapSeconds newestLeapSeconds() {
        NewestLeapSeconds newest = NewestLeapSeconds.of(NewestLeapSeconds.SYSTEM_LISTS);
        newest.ignored().stream().filter(ignored -> ignored.why() == Why.REFUSED)
                .forEach(ignored -> LOG.warnf("leap seconds: %s is not used: %s", ignored.path(), ignored.reason()));
        return newest.leapSeconds();
    }

    @Produces
    @Singleton
    DeviceHost devices() {
        return devices;
    }

    @Produces
    @Singleton
    LeapSeconds leapSeconds() {
        return leapSeconds;
    }

    /** Refuses the whole configuration where a part of it cannot be had, with one message that names each such part. */
    void onStart(@Observes StartupEvent event) {
        warnOfExpiry();
        DeviceSpecs.Checked checked = DeviceSpecs.of(config);
        refuse(Stream.concat(checked.faults().stream(), WebhookSpecs.of(config).faults().stream()).toList());
        openState();
        for (DeviceSpec spec : checked.specs()) {
            try {
                PrivateDirectory.prepare(spec.socket().getParent());
                devices.configure(spec);
            } catch (IOException e) {
                refuse(List.of("%s: directory %s: %s".formatted(property(spec), spec.socket().getParent(),
                        e.getMessage())));
            } catch (DeviceException e) {
                refuse(List.of(property(spec) + ": " + e.getMessage()));
            }
        }
        restore();
        devices.specs().forEach(this::announce);
    }

    /** The devices that were made over REST. One that cannot be had must not keep the others from starting. */
    private void restore() {
        for (DeviceSpec spec : devices.kept()) {
            try {
                PrivateDirectory.prepare(spec.socket().getParent());
                devices.restore(spec);
            } catch (IOException | DeviceException e) {
                LOG.errorf("%s: is kept in %s, but cannot be hosted: %s", spec.name(), state.path(), e.getMessage());
            }
        }
    }

    private void openState() {
        try {
            state = StateDirectory.open(config.stateDir().orElseGet(DefaultDirectories.ofThisUser()::state));
            devices.keepIn(state);
        } catch (IOException e) {
            refuse(List.of("clocktower.state-dir: " + e.getMessage()));
        }
    }

    private void warnOfExpiry() {
        if (leapSeconds.isExpiredAt(System.currentTimeMillis() * 1_000_000)) {
            LOG.warnf("leap seconds: the table of %s expired at %s; update tzdata", leapSeconds.source(),
                    leapSeconds.expiresAt());
        }
    }

    private void refuse(List<String> faults) {
        if (!faults.isEmpty()) {
            close();
            throw new ConfigurationException(String.join("; ", faults));
        }
    }

    private static String property(DeviceSpec spec) {
        return DeviceSpecs.property(spec.name()) + ".socket";
    }

    private void announce(DeviceSpec spec) {
        LOG.infof("%s: QEMU: -object memory-backend-memfd,id=mem,size=1G,share=on -machine q35,memory-backend=mem"
                + " -chardev socket,id=rtc,path=%s -device vhost-user-rtc-pci,chardev=rtc", spec.name(), spec.socket());
    }

    /** Once HTTP listens, and so knows its port; the start is over, and nobody waits for it any more. */
    void onHttp(@ObservesAsync HttpServerStart event, HttpServer http) {
        if (config.giveWay()) {
            EventLoop.takePrecedence();
        }
        URI base = base(event, http);
        devices.specs().forEach(
                spec -> LOG.infof("%s: curl %s", spec.name(), base.resolve("/api/v1/devices/" + spec.name())));
    }

    /** The server may not have told its address yet when it has told that it listens; then it is that which was asked for. */
    private static URI base(HttpServerStart event, HttpServer http) {
        try {
            return http.getLocalBaseUri();
        } catch (RuntimeException e) {
            return URI.create("%s://%s:%d/".formatted(event.options().isSsl() ? "https" : "http",
                    event.options().getHost(), event.options().getPort()));
        }
    }

    /** Quarkus waits for this before it closes HTTP, so a service that drains can be watched. */
    void onStopping(@Observes ShutdownDelayInitiatedEvent event) {
        devices.drain(config.shutdownGrace());
    }

    void onStop(@Observes ShutdownEvent event) {
        close();
    }

    /** The devices first: as long as there are any their state may be written. */
    private void close() {
        devices.close();
        if (state != null) {
            state.close();
        }
    }
}
