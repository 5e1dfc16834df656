package io.clocktower.api;

import io.clocktower.spec.DeviceVersion;
import io.clocktower.spec.FieldError;
import io.clocktower.spec.Texts;
import io.clocktower.status.DeviceStatus;
import jakarta.ws.rs.core.UriInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/** Entity tags of devices: a caller can request a change only for the version of the device that it has seen. */
final class Versions {

    static final String IF_MATCH = "If-Match";
    private static final String ETAG = "ETag";

    /** Possessive: a matcher that backtracks over thousands of tags overflows the stack. */
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
        return '"' + version.epoch() + '.' + version.revision() + '"';
    }

    /**
     * @param ifMatch the value of the header; null or {@code *} accepts every version. A weak tag matches no version.
     */
    static Predicate<DeviceVersion> expected(String ifMatch) {
        if (ifMatch == null || ifMatch.strip().equals("*")) {
            return DeviceVersion.ANY;
        }
        if (!TAGS.matcher(ifMatch).matches()) {
            throw FieldsException.malformed(List.of(new FieldError(IF_MATCH,
                    Texts.shown(ifMatch) + ", expected the ETag of an answer, or *")));
        }
        Set<String> tags = tags(ifMatch);
        return version -> tags.contains(tag(version));
    }

    /** Whether it is well-formed: {@code *}, or entity tags with commas between them. */
    static boolean isCondition(String header) {
        return header.strip().equals("*") || TAGS.matcher(header).matches();
    }

    /** Whether a well-formed {@code If-None-Match} names the tag of an answer. Here a weak tag matches too. */
    static boolean matches(String ifNoneMatch, String tag) {
        return ifNoneMatch.strip().equals("*")
                || tags(ifNoneMatch).stream().anyMatch(given -> given.equals(tag) || given.equals("W/" + tag));
    }

    private static Set<String> tags(String header) {
        return Arrays.stream(header.split(",")).map(String::strip).collect(Collectors.toSet());
    }
}
