package io.clocktower.config;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.Smearing;
import io.clocktower.event.DeviceEvent;
import io.clocktower.spec.DeviceMode;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The configuration, under {@code clocktower}. */
@ConfigMapping(prefix = "clocktower")
public interface ClocktowerConfig {

    /**
     * The directory of sockets whose path is not configured. It is created with mode 0750 if it does not exist. The default
     * is {@code sockets} in the directory of KubeVirt's hook or plugin, if that is enabled; else {@code /run/clocktower} for
     * root, else {@code clocktower} in {@code $XDG_RUNTIME_DIR}, or in the temporary directory with the user's name.
     */
    Optional<Path> socketDir();

    /**
     * The directory in which the service keeps its state; one process at a time uses it. It is created with mode 0750 if it
     * does not exist. The default is {@code state} in the directory of KubeVirt's hook or plugin, if that is enabled; else
     * {@code /var/lib/clocktower} for root, else {@code clocktower} in {@code $XDG_STATE_HOME} or {@code ~/.local/state}.
     */
    Optional<Path> stateDir();

    /** How long connected virtual machines are still served after SIGTERM. */
    @WithDefault("30s")
    @WithConverter(DurationConverter.class)
    Duration shutdownGrace();

    /** The number of threads that share the devices; at most the number of processors. */
    @WithDefault("1")
    int eventLoops();

    /** Which guest memory is accepted. */
    Memory memory();

    /** Who may do what over HTTP. */
    Auth auth();

    /** Limits of HTTP. */
    Http http();

    /**
     * Whether HTTP, and every other thread that is not an event loop, yields the processor to the loops and to all other
     * programs of its control group.
     */
    @WithDefault("true")
    boolean giveWay();

    /** The devices by name; if none is configured, there is one, {@code vm0}. */
    Map<String, Device> devices();

    /** Receivers of events, by a name that the operator chooses. */
    Map<String, Webhook> webhooks();

    /** The service as a sidecar in a pod of KubeVirt. */
    Kubevirt kubevirt();

    /** Metrics and health at a port of their own. */
    Monitoring monitoring();

    /** The console, pages for a browser. */
    Console console();

    /** Who may do what over HTTP. Without any of it, and without OIDC, authentication is not configured. */
    interface Auth {

        /** Bearer tokens, by the name of their owner. */
        Map<String, Token> tokens();

        /** A file with more tokens, read again when it changes: lines of name, role and the token's SHA-256 in hex. */
        Optional<Path> tokensFile();

        /** Roles of client certificates, by their subject's common name. */
        Map<String, Role> certificates();
    }

    /** Which guest memory is accepted. */
    interface Memory {

        /**
         * Whether guest memory may be a file that is not in memory, for example on a disk. Such a file can make all devices
         * of an event loop wait for its file system. Memory on memfd, tmpfs and hugetlbfs is always accepted.
         */
        @WithDefault("false")
        boolean allowFiles();
    }

    /** One bearer token. */
    interface Token {

        /** The token's SHA-256, in hex; the token itself is not stored. */
        String sha256();

        /** What it allows. */
        Role role();
    }

    /** Limits of HTTP. */
    interface Http {

        /** Names by which the service may be called, besides its own; {@code *} allows any. */
        Optional<Set<String>> allowedHosts();

        /** The changes that a caller may make per second, in bursts of five times as many; 0 is no limit. */
        @WithDefault("200")
        int changesPerSecond();
    }

    /** What a caller may do. */
    enum Role {
        /** Reads. */
        VIEWER,
        /** Reads and changes. */
        OPERATOR
    }

    /** One device. */
    interface Device {

        /** The socket's path; by default the device's name with {@code .sock} in the socket directory. */
        Optional<Path> socket();

        /** Who listens and who connects. */
        @WithDefault("listen")
        DeviceMode mode();

        /** An inherited descriptor: of the listening socket, or with the mode connect of the connection. */
        OptionalInt socketFd();

        /** The clocks in the order of their ids; by default UTC_SMEARED with an alarm, TAI, MONOTONIC and UTC. */
        Optional<List<Clock>> clocks();

        /** How the guest's cycle counter follows the host's; if it is missing, KVM is asked. */
        Optional<Counter> counter();

        /** How long after a request the rings are polled at the most before the loop sleeps; 0s never polls. */
        @WithDefault("200us")
        @WithConverter(DurationConverter.class)
        Duration pollWindow();

        /** Which features the device offers to the driver. */
        Features features();

        /** Labels, by which the device can be selected. */
        Map<String, String> labels();
    }

    /** What is offered to the driver; false is for guests and front-ends that have a bug in it. */
    interface Features {

        /** Packed virtqueues. */
        @WithDefault("true")
        boolean packed();

        /** Indirect descriptors. */
        @WithDefault("true")
        boolean indirect();

        /** Event suppression by index. */
        @WithDefault("true")
        boolean eventIndex();

        /** Alarms, if a clock has one. */
        @WithDefault("true")
        boolean alarms();
    }

    /** One clock. */
    interface Clock {

        /** What it serves. */
        ClockType type();

        /** How it smears leap seconds if its type is {@code utc-smeared}; by default {@code noon-linear}. */
        Optional<Smearing> smearing();

        /** Whether it has an alarm. */
        @WithDefault("false")
        boolean alarm();
    }

    /** The guest's cycle counter: the host's, times {@code ratio / 2^fraction-bits}, plus {@code offset}. */
    interface Counter {

        /** What is added, a signed number of cycles. */
        long offset();

        /** The scale, an unsigned fixed-point number. */
        @WithDefault("1")
        String ratio();

        /** How many of the scale's bits are its fraction, 0 to 63. */
        @WithDefault("0")
        int fractionBits();
    }

    /** A receiver of events, each sent as an HTTP POST. */
    interface Webhook {

        /** The receiver; http or https, with or without credentials for Basic authentication. */
        String url();

        /** The types of events that are sent. */
        @WithDefault("alarm-expired,disconnected")
        Set<DeviceEvent.Type> events();

        /** Only events of devices that have all these labels are sent. */
        Map<String, String> labels();

        /** The key that signs each call. */
        Optional<String> secret();

        /** How long a call may take. */
        @WithDefault("5s")
        @WithConverter(DurationConverter.class)
        Duration timeout();
    }

    /** Metrics and health at a port of their own, without authentication, besides that of the API. */
    interface Monitoring {

        /** The port, 0 for any that is free. If it is not set, metrics and health are at the port of the API alone. */
        OptionalInt port();

        /** The address to bind to. */
        @WithDefault("0.0.0.0")
        String host();
    }

    /** The console, pages for a browser. */
    interface Console {

        /** Whether it is served; by default unless KubeVirt's hook or plugin is enabled. */
        Optional<Boolean> enabled();
    }

    /** The service as a sidecar in a pod of KubeVirt. */
    interface Kubevirt {

        /** The hook that KubeVirt calls in sidecars that an annotation asks for. */
        Hook hook();

        /** The hook that KubeVirt calls for a Plugin. */
        Plugin plugin();

        /** What the device is called in the QEMU of the pod. */
        @WithDefault("vhost-user-rtc-pci")
        FrontEndDevice device();
    }

    /** The hook of a sidecar that an annotation asks for. */
    interface Hook {

        /** Whether the hook is served. */
        @WithDefault("false")
        boolean enabled();

        /** The directory that the sidecar shares with the pod's other containers. */
        @WithDefault("/var/run/kubevirt-hooks")
        Path directory();
    }

    /** The hook of a Plugin. */
    interface Plugin {

        /** Whether the hook is served. */
        @WithDefault("false")
        boolean enabled();

        /** The directory of the Plugin's socket, {@code clocktower.sock}; the same one in both containers. */
        @WithDefault("/var/run/kubevirt-plugin/clocktower")
        Path directory();
    }

    /** A device of QEMU that is a vhost-user front-end of virtio-rtc. */
    enum FrontEndDevice {
        /** From QEMU 11.1. */
        VHOST_USER_RTC_PCI,
        /** From QEMU 10.1. */
        VHOST_USER_TEST_DEVICE_PCI,
        /** Before that. */
        VHOST_USER_DEVICE_PCI
    }
}
