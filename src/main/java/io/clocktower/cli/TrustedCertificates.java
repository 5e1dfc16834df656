package io.clocktower.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** TLS that trusts the certificates of a file. */
final class TrustedCertificates {

    private TrustedCertificates() {}

    static SSLContext of(Path file) {
        try (InputStream pem = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry(Integer.toString(store.size()), certificate);
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            return trusting(trust.getTrustManagers());
        } catch (IOException | GeneralSecurityException e) {
            throw new CallException("cannot read the certificates of " + file + ": " + Connection.reason(e));
        }
    }

    /** TLS that trusts no certificate. */
    static SSLContext none() {
        try {
            return trusting();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Java has TLS", e);
        }
    }

    private static SSLContext trusting(TrustManager... trusted) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusted, null);
        return context;
    }
}
