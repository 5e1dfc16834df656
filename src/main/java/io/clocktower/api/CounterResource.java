package io.clocktower.api;

import io.clocktower.clock.CounterMapping;
import io.clocktower.device.DeviceException;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.DeviceVersion;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.RestPath;

/** How a guest's cycle counter follows the host's, where KVM cannot be asked. */
@Path("/api/v1/devices/{name}/counter")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "devices")
public final class CounterResource {

    private static final Logger LOG = Logger.getLogger(CounterResource.class);

    private final DeviceHost devices;

    CounterResource(DeviceHost devices) {
        this.devices = devices;
    }

    /** What an operator sends. */
    @Schema(name = "Counter", description = "The guest's counter is the host's, times ratio / 2^fractionBits, plus offset")
    public record Counter(@Schema(description = "Cycles that are added", examples = "-123456789") Long offset,
            @Schema(description = "The scale, a fixed-point number; 1 if it is left out", examples = "1") Long ratio,
            @Schema(description = "How many of the scale's bits are its fraction; 0 if it is left out", examples = "0") Integer fractionBits) {

        private CounterMapping mapping() {
            if (offset == null) {
                throw new BadRequestException("offset: a number of cycles was expected.");
            }
            try {
                return new CounterMapping(offset, ratio == null ? 1 : ratio, fractionBits == null ? 0 : fractionBits);
            } catch (IllegalArgumentException e) {
                throw new BadRequestException(e.getMessage().replace("fraction-bits", "fractionBits") + ".");
            }
        }
    }

    @PUT
    @Operation(summary = "Say how the guest's cycle counter follows the host's", description = "The driver that the guest sets up next is told that it can read a clock and its counter as one.")
    @APIResponse(responseCode = "200", description = "The device as it is now")
    @APIResponse(responseCode = "400", description = "A field is missing or out of range")
    @APIResponse(responseCode = "404", description = "There is no such device")
    public DeviceView put(@RestPath String name, Counter counter) throws DeviceException {
        if (counter == null) {
            throw new BadRequestException("offset: a number of cycles was expected.");
        }
        CounterMapping mapping = counter.mapping();
        DeviceView changed = give(name, Optional.of(mapping));
        LOG.infof("%s: counter given: offset %d, ratio %s / 2^%d", name, mapping.offset(),
                Long.toUnsignedString(mapping.ratio()), mapping.fractionBits());
        return changed;
    }

    @DELETE
    @Operation(summary = "Take that back", description = "KVM is asked again for the driver that the guest sets up next.")
    @APIResponse(responseCode = "204", description = "Nothing is given now")
    @APIResponse(responseCode = "404", description = "There is no such device")
    public void delete(@RestPath String name) throws DeviceException {
        give(name, Optional.empty());
        LOG.infof("%s: counter taken back", name);
    }

    private DeviceView give(String name, Optional<CounterMapping> mapping) throws DeviceException {
        return DeviceView.of(devices.giveCounter(name, DeviceVersion.ANY, mapping).after());
    }
}
