package io.clocktower.security;

import io.clocktower.config.ClocktowerConfig;
import io.clocktower.config.ClocktowerConfig.Role;
import io.quarkus.vertx.http.security.HttpSecurity;
import io.quarkus.vertx.http.security.MTLS;
import io.vertx.core.http.ClientAuth;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;

/** Roles of callers with a client certificate that the trust store of the TLS configuration accepts. */
@ApplicationScoped
public class ClientCertificates {

    private final Map<String, Role> roles;

    ClientCertificates(ClocktowerConfig config) {
        roles = config.auth().certificates();
    }

    /** A certificate is requested but not required: a caller without one may use a token. */
    void register(@Observes HttpSecurity http) {
        if (!roles.isEmpty()) {
            http.mTLS(
                    MTLS.builder().authentication(ClientAuth.REQUEST).certificateToRolesMapper(this::rolesOf).build());
        }
    }

    private Set<String> rolesOf(X509Certificate certificate) {
        return commonName(certificate).map(roles::get).map(Protection::name).map(Set::of).orElse(Set.of());
    }

    static Optional<String> commonName(X509Certificate certificate) {
        try {
            return new LdapName(certificate.getSubjectX500Principal().getName()).getRdns().reversed().stream()
                    .filter(part -> part.getType().equalsIgnoreCase("CN")).map(part -> part.getValue().toString())
                    .findFirst();
        } catch (InvalidNameException _) {
            return Optional.empty();
        }
    }
}
