package io.clocktower.security;

import io.clocktower.audit.Call;
import io.clocktower.config.ClocktowerConfig.Role;
import io.clocktower.config.ConsoleSwitch;
import io.github.bucket4j.Bucket;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.credential.CertificateCredential;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticator;
import io.quarkus.vertx.http.runtime.security.HttpSecurityPolicy;
import io.quarkus.vertx.http.runtime.security.QuarkusHttpUser;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * Who may make a call, for every path: GET and HEAD require a viewer, everything else an operator. Health is open to
 * everyone, and so are the files of the console: they hold no data, and the page asks for a token. Without authentication, a service that is bound to the loopback interface allows everything; one that is bound to
 * another address allows reading only.
 */
@ApplicationScoped
public class AccessPolicy implements HttpSecurityPolicy {

    private static final Logger LOG = Logger.getLogger(AccessPolicy.class);
    /** The path as it was sent: another spelling of it is no health check. */
    private static final Pattern HEALTH = Pattern.compile("/q/health(/(live|ready|started|well))?/?");
    /** The same; it has no dot segments. */
    private static final Pattern CONSOLE = Pattern
            .compile("/|/console(/([a-z0-9-]++/)*+([a-z0-9-]++(\\.[a-z0-9-]++)*+)?)?");
    private static final int FORBIDDEN = 403;
    private static final int UNAVAILABLE = 503;

    private final Protection protection;
    private final HttpAuthenticator authenticator;
    private final ConsoleSwitch console;
    /** Anyone can send tokens that cannot be checked. */
    private final Bucket warnings = Bucket.builder()
            .addLimit(limit -> limit.capacity(1).refillGreedy(1, Duration.ofSeconds(10))).build();

    AccessPolicy(Protection protection, HttpAuthenticator authenticator, ConsoleSwitch console) {
        this.protection = protection;
        this.console = console;
        this.authenticator = authenticator;
    }

    @Override
    public Uni<CheckResult> checkPermission(RoutingContext context, Uni<SecurityIdentity> identity,
            AuthorizationRequestContext authorization) {
        boolean isChange = Call.isChange(context);
        if (isOpen(context)) {
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

    /**
     * Finds out who makes a call that fails before {@link #checkPermission}, and records it. Where authentication is
     * configured and the caller is not known, the Uni fails with a {@link Refusal}.
     */
    Uni<Void> identify(RoutingContext context) {
        if (!protection.authenticates() || isOpen(context) || Right.of(context).isPresent()) {
            return Uni.createFrom().voidItem();
        }
        return authenticator.attemptAuthentication(context).onFailure().transform(this::refusal)
                .invoke(caller -> recognize(context, caller)).replaceWithVoid();
    }

    /** Whether everyone may read it. */
    private boolean isOpen(RoutingContext context) {
        String path = context.request().path();
        return !Call.isChange(context) && path != null
                && (HEALTH.matcher(path).matches() || console.isOn() && CONSOLE.matcher(path).matches());
    }

    private Refusal anonymousChange() {
        return new Refusal(FORBIDDEN,
                ("Changes are not allowed: authentication is not configured, and quarkus.http.host"
                        + " (%s) is not a loopback address.").formatted(protection.host()));
    }

    private Throwable refusal(Throwable failure) {
        if (failure instanceof AuthenticationFailedException) {
            return Problems.unauthorized("The credential is not valid.");
        }
        if (warnings.tryConsume(1)) {
            LOG.warnf("authentication failed: %s", failure.getMessage());
        }
        return new Refusal(UNAVAILABLE, "Authentication is temporarily unavailable. The service's log says why.");
    }

    private CheckResult check(RoutingContext context, SecurityIdentity caller, Role needed) {
        recognize(context, caller);
        boolean isAllowed = caller.hasRole(Protection.name(Role.OPERATOR)) || caller.hasRole(Protection.name(needed));
        if (!isAllowed) {
            throw new Refusal(FORBIDDEN, "The role %s is required.".formatted(Protection.name(needed)));
        }
        return new CheckResult(true, caller);
    }

    private void recognize(RoutingContext context, SecurityIdentity caller) {
        if (caller == null || caller.isAnonymous()) {
            throw Problems.unauthorized("A bearer token or a client certificate is required.");
        }
        Call.of(context).authenticated(name(caller), how(caller));
        Right.of(caller, protection.tokens()).keepIn(context);
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
