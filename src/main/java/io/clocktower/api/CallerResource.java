package io.clocktower.api;

import io.clocktower.audit.Audit;
import io.clocktower.security.Protection;
import io.clocktower.security.Right;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.ResponseHeader;

/** Who makes the call. */
@Path("/api/v1/caller")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "caller")
public final class CallerResource {

    private final Audit audit;
    private final Protection protection;

    CallerResource(Audit audit, Protection protection) {
        this.audit = audit;
        this.protection = protection;
    }

    /** Who makes the call, as the API shows it. */
    @Schema(name = "Caller")
    record CallerView(
            @Schema(description = "The name that the audit log has; anonymous without authentication", examples = "alice") String name,
            @Schema(description = "Whether the caller may change something; if not, the caller may only read") boolean mayChange) {}

    @GET
    @ResponseHeader(name = "Cache-Control", value = "no-store")
    @Operation(summary = "Show who makes this call", description = "A client can tell from it what the caller may do.")
    public CallerView get(@Context RoutingContext context) {
        return new CallerView(audit.caller(),
                Right.of(context).map(Right::mayChange).orElseGet(protection::allowsAnonymousChanges));
    }
}
