package io.clocktower.audit;

import io.quarkus.arc.Arc;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.jboss.logging.Logger;

/** For a resource: who calls it, and where it says what it changed. Without a call the service itself is at work. */
@ApplicationScoped
public class Audit {

    static final Logger LOG = Logger.getLogger("io.clocktower.audit");

    private static final String SERVICE = "service";

    private final CurrentVertxRequest current;

    Audit(CurrentVertxRequest current) {
        this.current = current;
    }

    /** The caller's name: {@link Call#ANONYMOUS} where nobody is asked who he is, and {@code service} without a call. */
    public String caller() {
        return call().map(Call::caller).orElse(SERVICE);
    }

    /**
     * Says what is changed, for the call's line in the log; without a call it is a line of its own.
     *
     * @param device whose
     * @param what of it
     * @param from what it was
     * @param to what it is now
     */
    public void change(String device, String what, Object from, Object to) {
        String change = "%s %s: %s -> %s".formatted(OneLine.of(device), OneLine.of(what), OneLine.of(from),
                OneLine.of(to));
        call().ifPresentOrElse(call -> call.change(change), () -> LOG.info(SERVICE + ": " + change));
    }

    private Optional<Call> call() {
        if (!Arc.container().requestContext().isActive()) {
            return Optional.empty();
        }
        RoutingContext context = current.getCurrent();
        return Optional.ofNullable(context).map(Call::of);
    }
}
