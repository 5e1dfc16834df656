package io.clocktower.app;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Keys with certificates that vouch for themselves, as the JDK's keytool makes them. */
record KeyStores(Path directory) {

    static final String PASSWORD = "changeit";

    /** A new key; the other store trusts it. */
    Path key(String name, String subject) throws Exception {
        Path store = directory.resolve(name + ".p12");
        keytool("-genkeypair", "-alias", name, "-keyalg", "EC", "-groupname", "secp256r1", "-dname", subject, "-ext",
                "SAN=ip:127.0.0.1,dns:localhost", "-validity", "30", "-storetype", "PKCS12", "-keystore",
                store.toString());
        return store;
    }

    /** A store that trusts those keys' certificates. */
    Path trust(String name, String... keys) throws Exception {
        Path store = directory.resolve(name + ".p12");
        for (String key : keys) {
            Path certificate = directory.resolve(key + ".pem");
            keytool("-exportcert", "-rfc", "-alias", key, "-keystore", directory.resolve(key + ".p12").toString(),
                    "-file",
                    certificate.toString());
            keytool("-importcert", "-noprompt", "-alias", key, "-file", certificate.toString(), "-storetype", "PKCS12",
                    "-keystore", store.toString());
        }
        return store;
    }

    private static void keytool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-storepass", PASSWORD, "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", command) + ": " + output);
        }
    }

    /** A client that trusts those certificates, and has that key, if any. */
    static SSLContext client(Path trust, Path key) throws Exception {
        var trusting = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusting.init(load(trust));
        var having = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        if (key != null) {
            having.init(load(key), PASSWORD.toCharArray());
        }
        var context = SSLContext.getInstance("TLS");
        context.init(key == null ? null : having.getKeyManagers(), trusting.getTrustManagers(), null);
        return context;
    }

    private static KeyStore load(Path path) throws IOException, GeneralSecurityException {
        try (InputStream stream = Files.newInputStream(path)) {
            var store = KeyStore.getInstance("PKCS12");
            store.load(stream, PASSWORD.toCharArray());
            return store;
        }
    }
}
