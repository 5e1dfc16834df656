package io.clocktower.api;

import jakarta.ws.rs.core.Response;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import jakarta.ws.rs.container.ContainerRequestContext;

/** Changes are for this host alone: nobody is asked who he is yet, so a service bound elsewhere serves reads only. */
public final class ChangesFilter {

    private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");

    private final boolean isLoopback;

    ChangesFilter(@ConfigProperty(name = "quarkus.http.host") String host) throws UnknownHostException {
        isLoopback = InetAddress.getByName(host).isLoopbackAddress();
    }

    /** Answers a change with 403 unless HTTP is bound to the loopback interface. */
    @ServerRequestFilter
    public Response filter(ContainerRequestContext request) {
        return isLoopback || READS.contains(request.getMethod())
                ? null
                : Problem.of(Response.Status.FORBIDDEN,
                        "Changes are refused while quarkus.http.host is not a loopback address.").toResponse();
    }
}
