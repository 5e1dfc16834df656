package io.clocktower.security;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.runtime.CertificateRecorder;
import io.quarkus.tls.runtime.VertxCertificateHolder;
import io.quarkus.tls.runtime.config.TlsConfig;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.Optional;
import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

/**
 * The certificate that HTTPS serves. Quarkus loads its files again every {@code reload-period} and keeps the old certificate
 * without a word if that fails; this class logs the failure, once, and each new certificate. Thread-safe.
 */
@ApplicationScoped
public class ServedCertificate {

    private static final Logger LOG = Logger.getLogger(ServedCertificate.class);

    private final Protection protection;
    private final String name;
    private volatile Optional<X509Certificate> served = Optional.empty();
    private boolean isFailing;

    ServedCertificate(Protection protection, Config config) {
        this.protection = protection;
        name = config.getOptionalValue("quarkus.http.tls-configuration-name", String.class)
                .orElse(TlsConfig.DEFAULT_NAME);
    }

    void onStart(@Observes StartupEvent event, Vertx vertx) {
        Optional<TlsConfiguration> tls = protection.tlsConfiguration();
        served = tls.flatMap(ServedCertificate::firstToExpire);
        if (tls.orElse(null) instanceof VertxCertificateHolder holder) {
            holder.config().reloadPeriod().ifPresent(
                    period -> vertx.setPeriodic(period.toMillis(), _ -> vertx.executeBlocking(() -> {
                        check(holder, vertx);
                        return null;
                    })));
        }
    }

    /** When the certificate expires, of several the first one; empty without TLS. */
    public Optional<Instant> expiry() {
        return served.map(certificate -> certificate.getNotAfter().toInstant());
    }

    /** Quarkus serves it from now on. */
    synchronized void onUpdate(@Observes CertificateUpdatedEvent event) {
        if (!event.name().equals(name)) {
            return;
        }
        Optional<X509Certificate> now = firstToExpire(event.tlsConfiguration());
        if (!now.equals(served)) {
            // The first one is not new, though a short reload period can report it.
            boolean isNew = served.isPresent();
            served = now;
            now.filter(_ -> isNew)
                    .ifPresent(certificate -> LOG.infof("TLS: a new certificate of %s is served, valid until %s",
                            certificate.getSubjectX500Principal(), certificate.getNotAfter().toInstant()));
        }
    }

    private synchronized void check(VertxCertificateHolder holder, Vertx vertx) {
        try {
            CertificateRecorder.getKeyStore(holder.config(), vertx, name);
            CertificateRecorder.getTrustStore(holder.config(), vertx, name);
            if (isFailing) {
                LOG.info("TLS: the certificate files can be loaded again");
            }
            isFailing = false;
        } catch (RuntimeException e) {
            if (!isFailing) {
                LOG.warnf("TLS: cannot load %s: %s; the certificate that is valid until %s stays in use",
                        CertificateFiles.of(holder.config()).suspects(), reason(e),
                        expiry().map(Instant::toString).orElse("?"));
            }
            isFailing = true;
        }
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return reason.lines().findFirst().orElse("");
    }

    private static Optional<X509Certificate> firstToExpire(TlsConfiguration tls) {
        KeyStore keys = tls.getKeyStore();
        if (keys == null) {
            return Optional.empty();
        }
        try {
            return Collections.list(keys.aliases()).stream().map(alias -> certificate(keys, alias))
                    .flatMap(Optional::stream).min(Comparator.comparing(X509Certificate::getNotAfter));
        } catch (KeyStoreException e) {
            return Optional.empty();
        }
    }

    private static Optional<X509Certificate> certificate(KeyStore keys, String alias) {
        try {
            return keys.isKeyEntry(alias) && keys.getCertificate(alias) instanceof X509Certificate certificate
                    ? Optional.of(certificate)
                    : Optional.empty();
        } catch (KeyStoreException e) {
            return Optional.empty();
        }
    }
}
