package io.clocktower.security;

import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.IdentityProviderManager;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.quarkus.vertx.http.runtime.security.ChallengeData;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticationMechanism;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;

/** Authenticates callers by the hash of their bearer token. An unknown token goes to OIDC where that is configured. */
@ApplicationScoped
public class BearerMechanism implements HttpAuthenticationMechanism {

    private static final String SCHEME = "Bearer ";

    private final Protection protection;

    BearerMechanism(Protection protection) {
        this.protection = protection;
    }

    @Override
    public Uni<SecurityIdentity> authenticate(RoutingContext context, IdentityProviderManager identities) {
        List<String> credentials = context.request().headers().getAll("Authorization");
        if (credentials.isEmpty()) {
            return Uni.createFrom().nullItem();
        }
        String credential = credentials.getFirst();
        boolean isBearer = credentials.size() == 1 && credential.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
        Optional<Token> token = isBearer
                ? protection.tokens().find(credential.substring(SCHEME.length()).strip())
                : Optional.empty();
        if (token.isPresent()) {
            return Uni.createFrom().item(identity(token.get()));
        }
        return isBearer && protection.isOidc()
                ? Uni.createFrom().nullItem()
                : Uni.createFrom().failure(new AuthenticationFailedException());
    }

    private static SecurityIdentity identity(Token token) {
        return QuarkusSecurityIdentity.builder().setPrincipal(new QuarkusPrincipal(token.name()))
                .addRole(Protection.name(token.role())).addAttribute(Protection.HOW, "token")
                .addAttribute(Right.TOKEN, token).build();
    }

    @Override
    public Uni<ChallengeData> getChallenge(RoutingContext context) {
        return Uni.createFrom().item(new ChallengeData(401, "WWW-Authenticate", "Bearer"));
    }

    /** Before OIDC's. */
    @Override
    public int getPriority() {
        return 2 * DEFAULT_PRIORITY;
    }
}
