package io.clocktower.api;

import io.clocktower.device.DeviceStatus;
import io.clocktower.device.DeviceVersion;
import io.clocktower.device.FieldFault;
import jakarta.ws.rs.core.UriInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/** Entity tags of devices: a change can be asked for of the version that the caller has seen, and no other. */
final class Versions {

    static final String IF_MATCH = "If-Match";
    private static final String ETAG = "ETag";

    /** What is repeated is not given back: a matcher that may do that needs more stack than there is. */
    private static final Pattern TAGS = Pattern.compile("\\s*(W/)?\"[^\"]*\"\\s*(,\\s*(W/)?\"[^\"]*\"\\s*)*+");

    private Versions() {}

    /** An answer of status 200, with the entity tag of the device. */
    static <T> RestResponse<T> tagged(T entity, DeviceStatus device) {
        return ResponseBuilder.ok(entity).header(ETAG, tag(device.version())).build();
    }

    /** An answer of status 201, with the entity tag of the device. */
    static <T> RestResponse<T> created(UriInfo collection, String name, T entity, DeviceStatus device) {
        return ResponseBuilder.<T>created(collection.getAbsolutePathBuilder().path(name).build()).entity(entity)
                .header(ETAG, tag(device.version())).build();
    }

    private static String tag(DeviceVersion version) {
        return '"' + Long.toString(version.created().toEpochMilli(), Character.MAX_RADIX) + '.' + version.revision()
                + '"';
    }

    /**
     * @param ifMatch the header's value; null or {@code *} expects no version in particular. A weak tag matches none.
     */
    static Predicate<DeviceVersion> expected(String ifMatch) {
        if (ifMatch == null || ifMatch.strip().equals("*")) {
            return DeviceVersion.ANY;
        }
        if (!TAGS.matcher(ifMatch).matches()) {
            throw FieldsException.malformed(List.of(new FieldFault(IF_MATCH,
                    FieldFault.shown(ifMatch) + ", expected the ETag of an answer, or *")));
        }
        Set<String> tags = Arrays.stream(ifMatch.split(",")).map(String::strip).collect(Collectors.toSet());
        return version -> tags.contains(tag(version));
    }
}
