package io.clocktower.audit;

import io.clocktower.spec.Texts;
import io.quarkus.arc.Arc;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.jboss.logging.Logger;

/** For resources: who calls, and the log of what calls change. Without a call it is the service that makes a change. */
@ApplicationScoped
public class Audit {

    static final Logger LOG = Logger.getLogger("io.clocktower.audit");

    private static final String SERVICE = "service";
    /** A fault has an author and a reason of up to 256 characters each. */
    private static final int MAX_VALUE = 1_000;

    private final CurrentVertxRequest current;

    Audit(CurrentVertxRequest current) {
        this.current = current;
    }

    /** The caller's name: {@link Call#ANONYMOUS} without authentication, {@code service} without a call. */
    public String caller() {
        return call().map(Call::caller).orElse(SERVICE);
    }

    /**
     * Says what a call changed, in its line of the log; without a call the line names the service.
     *
     * @param subject what was changed, for example {@code vm0 labels}
     * @param from what it was
     * @param to what it is now
     */
    public void change(String subject, String from, String to) {
        String change = text(subject, from, to);
        var parts = new AuditJson.Change(subject, from, to);
        call().ifPresentOrElse(call -> call.change(change, parts), () -> {
            LOG.info(SERVICE + ": " + change);
            AuditJson.write(SERVICE, parts);
        });
    }

    /**
     * Says what somebody changed who has no call now, in a line of the log.
     *
     * @param actor who it was
     */
    public void change(String actor, String subject, String from, String to) {
        LOG.infof("%s: %s", Texts.shown(actor, MAX_VALUE), text(subject, from, to));
        AuditJson.write(actor, new AuditJson.Change(subject, from, to));
    }

    private static String text(String subject, String from, String to) {
        return "%s: %s -> %s".formatted(Texts.shown(subject, MAX_VALUE), Texts.shown(from, MAX_VALUE),
                Texts.shown(to, MAX_VALUE));
    }

    /** Says something else about a call, in its line of the log. */
    public void note(String text) {
        call().ifPresent(call -> call.change(text));
    }

    private Optional<Call> call() {
        if (!Arc.container().requestContext().isActive()) {
            return Optional.empty();
        }
        RoutingContext context = current.getCurrent();
        return Optional.ofNullable(context).map(Call::of);
    }
}
