package io.clocktower.security;

import io.quarkus.tls.runtime.config.KeyStoreConfig;
import io.quarkus.tls.runtime.config.TlsBucketConfig;
import io.quarkus.tls.runtime.config.TrustStoreConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The files of a TLS configuration.
 *
 * @param pem certificates in PEM
 * @param others keys and key stores
 */
record CertificateFiles(List<Path> pem, List<Path> others) {

    static CertificateFiles of(TlsBucketConfig config) {
        var files = new CertificateFiles(new ArrayList<>(), new ArrayList<>());
        config.keyStore().ifPresent(files::add);
        config.trustStore().ifPresent(files::add);
        return files;
    }

    private void add(KeyStoreConfig store) {
        store.pem().ifPresent(pairs -> pairs.keyCerts().values().forEach(pair -> {
            pem.add(pair.cert());
            others.add(pair.key());
        }));
        store.p12().ifPresent(file -> others.add(file.path()));
        store.jks().ifPresent(file -> others.add(file.path()));
    }

    private void add(TrustStoreConfig store) {
        store.pem().ifPresent(certificates -> pem.addAll(certificates.certs().orElse(List.of())));
        store.p12().ifPresent(file -> others.add(file.path()));
        store.jks().ifPresent(file -> others.add(file.path()));
    }

    /** Those that are known to be unusable, separated by commas; all if none is. */
    String suspects() {
        List<Path> suspects = new ArrayList<>(pem.stream().filter(file -> !hasCertificates(file)).toList());
        others.stream().filter(file -> !Files.isReadable(file) || !hasContent(file)).forEach(suspects::add);
        if (suspects.isEmpty()) {
            suspects.addAll(pem);
            suspects.addAll(others);
        }
        return suspects.stream().map(Path::toString).collect(Collectors.joining(", "));
    }

    private static boolean hasCertificates(Path file) {
        try (InputStream stream = Files.newInputStream(file)) {
            return !CertificateFactory.getInstance("X.509").generateCertificates(stream).isEmpty();
        } catch (IOException | GeneralSecurityException _) {
            return false;
        }
    }

    private static boolean hasContent(Path file) {
        try {
            return Files.size(file) > 0;
        } catch (IOException _) {
            return false;
        }
    }
}
