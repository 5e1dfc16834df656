package io.clocktower.security;

import io.clocktower.audit.Call;
import io.clocktower.config.ClocktowerConfig.Role;
import io.github.bucket4j.Bucket;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.credential.CertificateCredential;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.security.HttpSecurityPolicy;
import io.quarkus.vertx.http.runtime.security.QuarkusHttpUser;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Who may make a call, whatever its path: GET and HEAD need a viewer, everything else an operator, and health is for
 * everybody. Where nobody is asked who he is, a service bound to the loopback interface allows everything, and one that
 * is bound elsewhere reads.
 */
@ApplicationScoped
public class AccessPolicy implements HttpSecurityPolicy {

    private static final Logger LOG = Logger.getLogger(AccessPolicy.class);
    private static final String HEALTH = "/q/health";
    private static final int FORBIDDEN = 403;
    private static final int UNAVAILABLE = 503;

    private final Protection protection;
    /** Anybody can send tokens that nobody can check. */
    private final Bucket warnings = Bucket.builder()
            .addLimit(limit -> limit.capacity(1).refillGreedy(1, Duration.ofSeconds(10))).build();

    AccessPolicy(Protection protection) {
        this.protection = protection;
    }

    @Override
    public Uni<CheckResult> checkPermission(RoutingContext context, Uni<SecurityIdentity> identity,
            AuthorizationRequestContext authorization) {
        boolean isChange = Call.isChange(context);
        if (!isChange && isHealth(context.normalizedPath())) {
            return CheckResult.permit();
        }
        if (!protection.authenticates()) {
            return isChange && !protection.isLoopback()
                    ? Uni.createFrom().failure(anonymousChange())
                    : CheckResult.permit();
        }
        // Quarkus would answer with an empty body.
        context.remove(QuarkusHttpUser.AUTH_FAILURE_HANDLER);
        return identity.onFailure().transform(this::refusal)
                .map(caller -> check(context, caller, isChange ? Role.OPERATOR : Role.VIEWER));
    }

    private static boolean isHealth(String path) {
        return path.equals(HEALTH) || path.startsWith(HEALTH + "/");
    }

    private Refusal anonymousChange() {
        return new Refusal(FORBIDDEN, "Changes are refused: nobody can be asked who he is, and quarkus.http.host (%s)"
                .formatted(protection.host()) + " is not a loopback address.");
    }

    private Throwable refusal(Throwable failure) {
        if (failure instanceof AuthenticationFailedException) {
            return Problems.unauthorized("The credential is not valid.");
        }
        if (warnings.tryConsume(1)) {
            LOG.warnf("a caller cannot be authenticated: %s", failure.getMessage());
        }
        return new Refusal(UNAVAILABLE, "Who is calling cannot be found out now; the service's log says why.");
    }

    private static CheckResult check(RoutingContext context, SecurityIdentity caller, Role needed) {
        if (caller.isAnonymous()) {
            throw Problems.unauthorized("A bearer token or a client certificate is expected.");
        }
        Call.of(context).authenticated(name(caller), how(caller));
        boolean isAllowed = caller.hasRole(Protection.name(Role.OPERATOR)) || caller.hasRole(Protection.name(needed));
        if (!isAllowed) {
            throw new Refusal(FORBIDDEN, "The role %s is needed.".formatted(Protection.name(needed)));
        }
        return new CheckResult(true, caller);
    }

    private static String name(SecurityIdentity caller) {
        CertificateCredential certificate = caller.getCredential(CertificateCredential.class);
        return certificate == null
                ? caller.getPrincipal().getName()
                : ClientCertificates.commonName(certificate.getCertificate()).orElse(caller.getPrincipal().getName());
    }

    private static String how(SecurityIdentity caller) {
        String how = caller.getAttribute(Protection.HOW);
        return how != null ? how : caller.getCredential(CertificateCredential.class) != null ? "certificate" : "oidc";
    }
}
