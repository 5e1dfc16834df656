package io.clocktower.config;

import io.clocktower.clock.ClockType;
import io.clocktower.clock.Smearing;
import io.clocktower.device.DeviceEvent;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The configuration, under {@code clocktower}. */
@ConfigMapping(prefix = "clocktower")
public interface ClocktowerConfig {

    /**
     * Where the devices' sockets are, if they are nowhere else. It is created if it is not there, for its owner and
     * group only. The default is a directory of the user's: {@code /run/clocktower} for root, {@code clocktower} under
     * {@code $XDG_RUNTIME_DIR}, or under the temporary directory with the user's name.
     */
    Optional<Path> socketDir();

    /**
     * Where the service keeps its state; one process uses it at a time. It is created if it is not there, for its owner
     * and group only. The default is a directory of the user's: {@code /var/lib/clocktower} for root, {@code clocktower}
     * under {@code $XDG_STATE_HOME} or {@code ~/.local/state}.
     */
    Optional<Path> stateDir();

    /** How long virtual machines that are connected are served on after SIGTERM. */
    @WithDefault("30s")
    Duration shutdownGrace();

    /** How many threads share the devices; at most as many as there are processors. */
    @WithDefault("1")
    int eventLoops();

    /** Who may do what over HTTP. */
    Auth auth();

    /** What HTTP lets through. */
    Http http();

    /**
     * Whether HTTP, and whatever else is no event loop, gives way to the loops, and to all other programs of its control
     * group: it runs when there is a processor to spare.
     */
    @WithDefault("true")
    boolean giveWay();

    /** The devices by name; without any there is one, {@code vm0}. */
    Map<String, Device> devices();

    /** Who is told of events, by a name of one's own. */
    Map<String, Webhook> webhooks();

    /** Who may do what over HTTP. Without any of it, and without OIDC, nobody is asked who he is. */
    interface Auth {

        /** Bearer tokens, by the name of who has them. */
        Map<String, Token> tokens();

        /** A file of more tokens, re-read when it changes: lines of name, role and the token's SHA-256 in hex. */
        Optional<Path> tokensFile();

        /** Roles of client certificates, by their subject's common name. */
        Map<String, Role> certificates();
    }

    /** One bearer token. */
    interface Token {

        /** The token's SHA-256, in hex; the token itself is nowhere. */
        String sha256();

        /** What it allows. */
        Role role();
    }

    /** What HTTP lets through. */
    interface Http {

        /** Names by which the service may be called besides those it knows itself; {@code *} allows any. */
        Optional<Set<String>> allowedHosts();

        /** How many changes a caller may make a second, with bursts of five times as many; 0 is no limit. */
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
        Mode mode();

        /** The clocks in the order of their ids; by default UTC_SMEARED with an alarm, TAI, MONOTONIC and UTC. */
        Optional<List<Clock>> clocks();

        /** How the guest's cycle counter follows the host's; by default KVM is asked. */
        Optional<Counter> counter();

        /** How long after a request the rings are polled before the loop sleeps; 0 never polls. */
        @WithDefault("0")
        @WithConverter(PollWindowConverter.class)
        Duration pollWindow();

        /** To select the device by. */
        Map<String, String> labels();
    }

    /** One clock. */
    interface Clock {

        /** What it serves. */
        ClockType type();

        /** How it spreads leap seconds, if its type is {@code utc-smeared}: by default {@code noon-linear}. */
        Optional<Smearing> smearing();

        /** Whether it has an alarm. */
        @WithDefault("false")
        boolean alarm();
    }

    /** The guest's cycle counter: the host's, times {@code ratio / 2^fraction-bits}, plus {@code offset}. */
    interface Counter {

        /** What is added, a signed number of cycles. */
        long offset();

        /** The scale, a fixed-point number; unsigned. */
        @WithDefault("1")
        String ratio();

        /** How many of the scale's bits are its fraction, 0 to 63. */
        @WithDefault("0")
        int fractionBits();
    }

    /** One who is told of events, by an HTTP POST for each. */
    interface Webhook {

        /** Where to; http or https, with credentials for Basic authentication or without. */
        String url();

        /** Of which types of events. */
        @WithDefault("alarm-expired,disconnected")
        Set<DeviceEvent.Type> events();

        /** Of devices with all of these labels. */
        Map<String, String> labels();

        /** The key with which each call is signed. */
        Optional<String> secret();

        /** How long a call may take. */
        @WithDefault("5s")
        Duration timeout();
    }

    /** How a device and its front-end come together. */
    enum Mode {
        /** The device listens, the front-end connects. */
        LISTEN
    }
}
