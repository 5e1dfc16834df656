package io.clocktower.security;

import io.clocktower.config.ClocktowerConfig.Role;
import io.quarkus.oidc.TokenIntrospection;
import io.quarkus.security.credential.CertificateCredential;
import io.quarkus.security.identity.SecurityIdentity;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.eclipse.microprofile.jwt.JsonWebToken;

/**
 * The right by which a call is made. An answer that takes long, as a stream of events does, ends when it ends: the token was
 * removed, or the OIDC token or the certificate has expired. For any thread.
 */
public final class Right {

    /** The attribute of an identity that has the {@link Token}, for one that was proved by such a token. */
    static final String TOKEN = "clocktower.token";

    private static final String KEY = Right.class.getName();
    private static final String INTROSPECTION = "introspection";

    private final boolean mayChange;
    private final BooleanSupplier holds;

    private Right(SecurityIdentity caller, BooleanSupplier holds) {
        mayChange = caller.hasRole(Protection.name(Role.OPERATOR));
        this.holds = holds;
    }

    static Right of(SecurityIdentity caller, Tokens tokens) {
        Token token = caller.getAttribute(TOKEN);
        if (token != null) {
            return new Right(caller, () -> tokens.contains(token));
        }
        return new Right(caller,
                expiry(caller).<BooleanSupplier>map(end -> () -> Instant.now().isBefore(end)).orElse(() -> true));
    }

    private static Optional<Instant> expiry(SecurityIdentity caller) {
        CertificateCredential certificate = caller.getCredential(CertificateCredential.class);
        if (certificate != null) {
            return Optional.of(certificate.getCertificate().getNotAfter().toInstant());
        }
        if (caller.getAttribute(INTROSPECTION) instanceof TokenIntrospection answer && answer.getLong("exp") != null) {
            return Optional.of(Instant.ofEpochSecond(answer.getLong("exp")));
        }
        return caller.getPrincipal() instanceof JsonWebToken jwt && jwt.getExpirationTime() > 0
                ? Optional.of(Instant.ofEpochSecond(jwt.getExpirationTime()))
                : Optional.empty();
    }

    void keepIn(RoutingContext context) {
        context.put(KEY, this);
    }

    /** The right of a call; empty where authentication is not configured or not required. */
    public static Optional<Right> of(RoutingContext context) {
        return Optional.ofNullable(context.get(KEY));
    }

    /** Whether it is an operator's. */
    public boolean mayChange() {
        return mayChange;
    }

    /** Whether it still holds. */
    public boolean holds() {
        return holds.getAsBoolean();
    }
}
