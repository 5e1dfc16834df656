package io.clocktower.config;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.NewestLeapSeconds;
import io.clocktower.clock.NewestLeapSeconds.Why;
import io.clocktower.device.DeviceHost;
import io.clocktower.handover.DescriptorStore;
import io.clocktower.handover.HandoverPart;
import io.clocktower.handover.Predecessor;
import io.clocktower.handover.PredecessorGoneException;
import io.clocktower.handover.Successor;
import io.clocktower.handover.TakeOver;
import io.clocktower.host.HostStatus;
import io.clocktower.host.SystemHostClock;
import io.clocktower.http.HttpPort;
import io.clocktower.loop.EarlyThreads;
import io.clocktower.loop.Precedence;
import io.clocktower.socket.PassedSockets;
import io.clocktower.spec.DeviceException;
import io.clocktower.spec.DeviceMode;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.state.PrivateDirectory;
import io.clocktower.state.StateDirectory;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.vertx.http.HttpServer;
import io.quarkus.vertx.http.HttpServerStart;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The life of the devices in this service: created from the configuration at its start, served until its end. */
@ApplicationScoped
public class Hosting {

    /** The system property that says that this process is to take over from the one that runs. */
    public static final String SUCCESSOR = "io.clocktower.handover";

    private static final Logger LOG = Logger.getLogger(Hosting.class);
    private static final String HANDOVER = "handover";

    private final ClocktowerConfig config;
    private final ShutdownGrace grace;
    private final LeapSeconds leapSeconds;
    private final DeviceHost devices;
    private final PassedSockets passed;
    private final NewDirectories created = new NewDirectories();
    private final Instance<HandoverPart> parts;
    private final ReplacedService replaced;
    private StateDirectory state;
    private Optional<DescriptorStore> store = Optional.empty();
    private List<DeviceSpec> configured = List.of();
    private Optional<Successor> successor = Optional.empty();
    /** Takes over, while guests wait. */
    private ExecutorService takingOver;
    private Optional<Predecessor> predecessor = Optional.empty();
    /** Written and read by the threads that start and stop, one after the other. */
    private volatile boolean isServing;

    Hosting(ClocktowerConfig config, ShutdownGrace grace, Instance<HandoverPart> parts, Instance<HttpPort> http) {
        this.config = config;
        this.parts = parts;
        this.grace = grace;
        EarlyThreads.start();
        passed = PassedSockets.of(System.getenv(), ProcessHandle.current().pid(), DeviceSpecs.socketNumbers(config));
        leapSeconds = newestLeapSeconds();
        devices = new DeviceHost(new SystemHostClock(leapSeconds), leapSeconds, Math.max(1, config.eventLoops()),
                config.memory().allowFiles());
        replaced = new ReplacedService(config, devices, http, () -> state.close());
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

    /** Creates the devices. Rejects an invalid configuration as a whole, with one message that names every error. */
    void onStart(@Observes StartupEvent event) {
        warnOfExpiry();
        DeviceSpecs.Checked checked = DeviceSpecs.of(config);
        refuse(Stream.of(Variables.errors(System.getenv(), config), checked.errors(), WebhookSpecs.of(config).errors())
                .flatMap(List::stream).toList());
        configured = checked.specs();
        if (Boolean.getBoolean(SUCCESSOR) && connect()) {
            return;
        }
        openState();
        store = DescriptorStore.of(System.getenv(), passed.takeStored(DescriptorStore.PREFIX));
        store.ifPresent(devices::keepIn);
        configure(configured);
        passed.closeLeft().forEach(name -> LOG.warnf("the socket %s of the service manager is no device's", name));
        restore();
        store.ifPresent(DescriptorStore::closeLeft);
        devices.specs().forEach(this::announce);
        awaitSuccessor();
    }

    private void configure(List<DeviceSpec> specs) {
        for (DeviceSpec spec : specs) {
            try {
                created.expect(spec.socket().getParent());
                PrivateDirectory.prepare(spec.socket().getParent());
                devices.configure(spec, passed.take(spec));
            } catch (IOException e) {
                refuse(List.of("%s: directory %s: %s".formatted(property(spec), spec.socket().getParent(),
                        e.getMessage())));
            } catch (DeviceException e) {
                refuse(List.of(property(spec) + ": " + e.getMessage()));
            }
        }
    }

    /**
     * Finds the running service, which is taken over once HTTP listens here.
     *
     * @return false if it has ended without having removed its socket: this one starts in its place
     */
    private boolean connect() {
        // Its thread starts now, as threads that are started later give way.
        var thread = Executors.newSingleThreadExecutor(Thread.ofPlatform().name(HANDOVER).daemon().factory());
        try {
            successor = Optional.of(ThreadCall.await(thread,
                    () -> Successor.connect(stateDirectory(), ReplacedService.ownRelease())));
            takingOver = thread;
            devices.setAbsence(Optional.of("The service is taking over from its predecessor; try again."));
            return true;
        } catch (PredecessorGoneException e) {
            LOG.warnf("handover: %s; this one starts in its place", e.getMessage());
        } catch (IOException e) {
            refuse(List.of("handover: " + e.getMessage()));
        } finally {
            if (takingOver == null) {
                thread.close();
            }
        }
        return false;
    }

    /** Takes the running service over, if this process was started for that. All of it is started, HTTP included. */
    public void takeOver() {
        if (successor.isEmpty()) {
            return;
        }
        try (ExecutorService thread = takingOver) {
            ThreadCall.await(thread, () -> {
                takeOver(successor.get());
                return null;
            });
        } catch (IOException e) {
            refuse(List.of("handover: " + e.getMessage()));
        }
    }

    private void takeOver(Successor from) {
        var takeover = new TakeOver(from, devices, parts.stream().toList(), configured);
        try (from) {
            Successor.rehearse();
            takeover.prepare(leapSeconds);
            takeover.serve();
            LOG.info("hand-over: " + takeover.summary());
        } catch (PredecessorGoneException e) {
            LOG.warnf(
                    "hand-over: the running service ended before it had passed its connections on: %s; this one starts"
                            + " in its place",
                    e.getMessage());
            takeover.startInPlace();
        } catch (IOException | DeviceException | RuntimeException e) {
            takeover.giveUp();
            refuse(List.of("handover: " + e.getMessage()));
        }
        openStateAfterPredecessor();
        Set<String> hosted = devices.specs().stream().map(DeviceSpec::name).collect(Collectors.toSet());
        configure(configured.stream().filter(spec -> !hosted.contains(spec.name())).toList());
        restore();
        devices.keepAll();
        devices.setAbsence(Optional.empty());
        replaced.shareHttp(false);
        devices.watchHostClock();
        devices.specs().forEach(this::announce);
        if (state != null) {
            awaitSuccessor();
        }
    }

    /** The predecessor releases it as soon as this process serves, or has ended. */
    private void openStateAfterPredecessor() {
        try {
            state = TakeOver.openState(stateDirectory());
            devices.keepIn(state);
        } catch (IOException e) {
            if (devices.specs().isEmpty()) {
                refuse(List.of("handover: " + e.getMessage()));
            }
            LOG.errorf("handover: %s; devices are not kept until the service restarts", e.getMessage());
        }
    }

    private void awaitSuccessor() {
        try {
            predecessor = Optional
                    .of(Predecessor.listen(state.path(), devices, parts.stream().toList(), replaced));
        } catch (IOException e) {
            LOG.warnf("handover: no successor can take over: %s", e.getMessage());
        }
    }

    /** The devices that were created over REST. One that cannot be hosted does not keep the others from starting. */
    private void restore() {
        Set<String> hosted = devices.specs().stream().map(DeviceSpec::name).collect(Collectors.toSet());
        for (DeviceSpec spec : devices.kept().stream().filter(kept -> !hosted.contains(kept.name())).toList()) {
            try {
                PrivateDirectory.prepare(spec.socket().getParent());
                devices.restore(spec);
            } catch (IOException | DeviceException e) {
                LOG.errorf("%s: cannot restore the device from %s: %s", spec.name(), state.path(), e.getMessage());
            }
        }
    }

    private void openState() {
        try {
            created.expect(stateDirectory());
            state = StateDirectory.open(stateDirectory());
            devices.keepIn(state);
        } catch (IOException e) {
            refuse(List.of("clocktower.state-dir: " + e.getMessage()));
        }
    }

    private Path stateDirectory() {
        return config.stateDir().orElseGet(() -> DefaultDirectories.of(config).state());
    }

    private void warnOfExpiry() {
        HostStatus host = devices.hostStatus();
        if (host.hasOtherTaiOffset()) {
            LOG.warnf(
                    "host: the kernel's TAI offset is %d s, the leap second table of %s has %d s; devices serve the table's",
                    host.kernelTaiOffsetSeconds().getAsLong(), leapSeconds.source(), host.taiOffsetSeconds());
        }
        if (leapSeconds.isExpiredAt(System.currentTimeMillis() * 1_000_000)) {
            LOG.warnf("leap seconds: the table of %s expired at %s; update tzdata", leapSeconds.source(),
                    leapSeconds.expiresAt());
        }
    }

    private void refuse(List<String> errors) {
        if (!errors.isEmpty()) {
            close();
            throw new ConfigurationException(String.join("; ", errors));
        }
    }

    private static String property(DeviceSpec spec) {
        return DeviceSpecs.property(spec.name()) + ".socket";
    }

    private void announce(DeviceSpec spec) {
        LOG.infof("%s: QEMU: -object memory-backend-memfd,id=mem,size=1G,share=on -machine q35,memory-backend=mem"
                + " -chardev socket,id=rtc,path=%s%s -device vhost-user-rtc-pci,chardev=rtc", spec.name(),
                spec.socket(), spec.mode() == DeviceMode.CONNECT ? ",server=on" : "");
    }

    /** Called when HTTP listens and its port is known. The start is over, so it delays nothing. */
    void onHttp(@ObservesAsync HttpServerStart event, HttpServer http) {
        isServing = true;
        if (config.giveWay()) {
            Precedence.give();
        }
        URI base = base(event, http);
        devices.specs().forEach(
                spec -> LOG.infof("%s: curl %s", spec.name(), base.resolve("/api/v1/devices/" + spec.name())));
    }

    /** The server may not know its address yet when it says that it listens; then it is the configured one. */
    private static URI base(HttpServerStart event, HttpServer http) {
        try {
            return http.getLocalBaseUri();
        } catch (RuntimeException e) {
            return URI.create("%s://%s:%d/".formatted(event.options().isSsl() ? "https" : "http",
                    event.options().getHost(), event.options().getPort()));
        }
    }

    /** Quarkus closes HTTP only after this, so a service that drains can be watched. */
    void onStopping(@Observes ShutdownDelayInitiatedEvent event) {
        if (!replaced.isReplaced()) {
            store.ifPresent(DescriptorStore::leave);
            devices.drain(grace.duration());
        }
    }

    void onStop(@Observes ShutdownEvent event) {
        close();
    }

    /** Devices are closed first, as they may write their state until then. A start that failed leaves nothing behind. */
    private void close() {
        if (!isServing) {
            // The next start may succeed.
            store.ifPresent(DescriptorStore::leave);
        }
        predecessor.ifPresent(Predecessor::close);
        devices.close();
        store.ifPresent(DescriptorStore::close);
        if (state != null) {
            state.close();
        }
        if (!isServing) {
            created.remove(stateDirectory());
        }
    }
}
