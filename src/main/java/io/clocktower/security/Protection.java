package io.clocktower.security;

import io.clocktower.config.ClocktowerConfig;
import io.clocktower.config.ClocktowerConfig.Role;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.vertx.core.Vertx;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

/** The configured protection of HTTP. */
@ApplicationScoped
public class Protection {

    /** The attribute of an identity with the way in which the caller was authenticated. */
    static final String HOW = "clocktower.how";

    private static final Logger LOG = Logger.getLogger(Protection.class);
    private static final Pattern OIDC = Pattern
            .compile("quarkus\\.oidc\\.([^.]+\\.|\"[^\"]+\"\\.)?(auth-server-url|public-key|provider)");
    private static final int MAX_CHANGES_PER_SECOND = 1_000_000;
    private static final long REFRESH_MS = 1_000;

    private final ClocktowerConfig config;
    private final Config all;
    private final TlsConfigurationRegistry tls;
    private final String host;
    private final boolean isLoopback;
    private final boolean isOidc;
    private final Tokens tokens;

    Protection(ClocktowerConfig config, Config all, TlsConfigurationRegistry tls) {
        this.config = config;
        this.all = all;
        this.tls = tls;
        host = all.getValue("quarkus.http.host", String.class);
        isLoopback = isLoopback(host);
        isOidc = all.getOptionalValue("quarkus.oidc.tenant-enabled", Boolean.class).orElse(true)
                && (isSet("quarkus.oidc.auth-server-url")
                        || StreamSupport.stream(all.getPropertyNames().spliterator(), false)
                                .anyMatch(name -> OIDC.matcher(name).matches() && isSet(name)));
        tokens = new Tokens(config.auth());
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException _) {
            return false;
        }
    }

    private boolean isSet(String property) {
        return all.getOptionalValue(property, String.class).isPresent();
    }

    /** Before the devices are created. */
    void onStart(@Observes @Priority(Interceptor.Priority.LIBRARY_BEFORE) StartupEvent event, Vertx vertx) {
        List<String> errors = new ArrayList<>(tokens.errors());
        check(errors);
        if (!errors.isEmpty()) {
            throw new ConfigurationException(String.join("; ", errors));
        }
        if (tokens.hasFile()) {
            vertx.setPeriodic(REFRESH_MS, _ -> vertx.executeBlocking(() -> {
                tokens.refresh();
                return null;
            }));
        }
        announce();
    }

    private void check(List<String> errors) {
        int changes = config.http().changesPerSecond();
        if (changes < 0 || changes > MAX_CHANGES_PER_SECOND) {
            errors.add("clocktower.http.changes-per-second: %d, expected 0 to %d".formatted(changes,
                    MAX_CHANGES_PER_SECOND));
        }
        config.http().allowedHosts().orElse(Set.of()).stream().filter(name -> !HostNames.isName(name))
                .forEach(name -> errors.add("clocktower.http.allowed-hosts: %s, expected a name without a port, or *"
                        .formatted(name)));
        if (!config.auth().certificates().isEmpty() && tlsConfiguration()
                .filter(https -> https.getKeyStore() != null && https.getTrustStore() != null).isEmpty()) {
            errors.add("clocktower.auth.certificates: expected a TLS configuration for HTTP with a trust store"
                    + " (quarkus.tls.trust-store...) that accepts them");
        }
    }

    Optional<TlsConfiguration> tlsConfiguration() {
        return all.getOptionalValue("quarkus.http.tls-configuration-name", String.class).map(tls::get)
                .orElseGet(tls::getDefault);
    }

    private void announce() {
        String bound = "HTTP: bound to " + host;
        if (authenticates()) {
            LOG.infof("%s with authentication: %s", bound, String.join(", ", means()));
        } else if (isLoopback) {
            LOG.infof("%s without authentication: every user of this host may read and change everything", bound);
        } else {
            LOG.warnf("%s without authentication: everyone may read, and changes are refused; to allow them configure"
                    + " clocktower.auth.tokens or tokens-file, quarkus.oidc.auth-server-url or"
                    + " clocktower.auth.certificates, or bind quarkus.http.host to 127.0.0.1", bound);
        }
    }

    private List<String> means() {
        List<String> means = new ArrayList<>();
        if (hasTokens()) {
            means.add("%d bearer tokens".formatted(tokens.count()));
        }
        if (isOidc) {
            means.add("OIDC");
        }
        if (!config.auth().certificates().isEmpty()) {
            means.add("%d client certificates".formatted(config.auth().certificates().size()));
        }
        means.add(tlsConfiguration().filter(https -> https.getKeyStore() != null).isPresent()
                ? "over TLS"
                : "without TLS");
        return means;
    }

    private boolean hasTokens() {
        return !config.auth().tokens().isEmpty() || tokens.areConfigured();
    }

    /**
     * Replaces the tokens that were given before; those of the configuration stay. From the first one on, calls need one.
     *
     * @param lines as in a file of tokens
     * @throws IllegalArgumentException if a line is not valid; its message shows nothing of it
     */
    public void giveTokens(List<String> lines) {
        try {
            tokens.give(lines);
        } catch (TokensFile.InvalidException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        announce();
    }

    /** Whether authentication is configured. */
    boolean authenticates() {
        return hasTokens() || isOidc || !config.auth().certificates().isEmpty();
    }

    /** Whether a caller who is not known may change something. */
    public boolean allowsAnonymousChanges() {
        return !authenticates() && isLoopback;
    }

    boolean isOidc() {
        return isOidc;
    }

    /** The name or address that HTTP is bound to. */
    String host() {
        return host;
    }

    /** Whether only this host can connect. */
    boolean isLoopback() {
        return isLoopback;
    }

    Tokens tokens() {
        return tokens;
    }

    static String name(Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }
}
