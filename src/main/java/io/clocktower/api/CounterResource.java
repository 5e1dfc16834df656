package io.clocktower.api;

import io.clocktower.clock.CounterMapping;
import io.clocktower.device.DeviceHost;
import io.clocktower.spec.DeviceException;
import io.clocktower.status.DeviceStatus;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestResponse;

/** How a guest's cycle counter relates to the host's, for hosts on which KVM does not tell. */
@Path("/api/v1/devices/{name}/counter")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "devices")
public final class CounterResource {

    private final DeviceHost devices;
    private final ChangeLog log;

    CounterResource(DeviceHost devices, ChangeLog log) {
        this.devices = devices;
        this.log = log;
    }

    @PUT
    @Operation(summary = "Set how the guest's cycle counter relates to the host's", description = "The next driver that the guest"
            + " starts learns that it can read a clock and its cycle counter at the same time.")
    public RestResponse<DeviceView> put(@RestPath String name, DeviceRequest.Counter counter,
            @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        return give(name, ifMatch, Optional.of(FieldsException.required(counter).toMapping()));
    }

    @DELETE
    @Operation(summary = "Remove the counter mapping", description = "KVM is asked again for the next driver that the guest starts.")
    public void delete(@RestPath String name, @HeaderParam(Versions.IF_MATCH) String ifMatch) throws DeviceException {
        give(name, ifMatch, Optional.empty());
    }

    private RestResponse<DeviceView> give(String name, String ifMatch, Optional<CounterMapping> mapping)
            throws DeviceException {
        DeviceStatus changed = log.changed(log.changes(devices).giveCounter(name, Versions.expected(ifMatch), mapping));
        return Versions.tagged(DeviceView.of(changed), changed);
    }
}
