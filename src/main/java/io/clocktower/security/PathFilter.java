package io.clocktower.security;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Optional;

/**
 * Lets only paths in normal form reach a resource, so that all code that looks at a path sees the same one. A path in normal
 * form has no matrix parameters, no empty or dot segments, and encodes only characters that have to be encoded and that are
 * no separators. A slash at its end is allowed.
 */
@ApplicationScoped
public class PathFilter {

    /** After authentication, before {@link LimitsFilter}. */
    private static final int PRIORITY = 60;
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    /** RFC 3986, "Path": what a segment may contain besides letters and digits, less the semicolon. */
    private static final String MARKS = "-._~!$&'()*+,=:@";
    private static final String UNRESERVED_MARKS = "-._~";
    static final String INVALID_ESCAPE = "The path is not valid: after each % two hexadecimal digits are required.";
    private static final int DELETE = 0x7f;
    private static final String SEPARATORS = "/\\;";

    void register(@Observes Filters filters) {
        filters.register(PathFilter::handle, PRIORITY);
    }

    private static void handle(RoutingContext context) {
        refusal(context.request().path()).ifPresentOrElse(refusal -> context.fail(refusal.status(), refusal),
                context::next);
    }

    /**
     * What is wrong with a path.
     *
     * @param path as it was sent
     */
    static Optional<Refusal> refusal(String path) {
        if (path == null || !path.startsWith("/")) {
            return Optional.of(new Refusal(NOT_FOUND, "Nothing exists at this path. A path begins with /."));
        }
        String[] segments = path.substring(1).split("/", -1);
        for (int i = 0; i < segments.length; i++) {
            boolean isLast = i == segments.length - 1;
            if (segments[i].isEmpty() && !isLast || segments[i].equals(".") || segments[i].equals("..")) {
                return Optional.of(new Refusal(NOT_FOUND,
                        "Nothing exists at this path. Empty and dot segments are not allowed."));
            }
            Optional<Refusal> refusal = ofSegment(segments[i]);
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return Optional.empty();
    }

    private static Optional<Refusal> ofSegment(String segment) {
        for (int i = 0; i < segment.length(); i++) {
            char now = segment.charAt(i);
            if (now == ';') {
                return Optional.of(new Refusal(NOT_FOUND,
                        "Nothing exists at this path. Matrix parameters (;) are not allowed; use the query."));
            }
            if (now != '%') {
                if (!isAlphanumeric(now) && MARKS.indexOf(now) < 0) {
                    return Optional.of(new Refusal(BAD_REQUEST,
                            "The path is not valid: it contains a character that must be encoded."));
                }
                continue;
            }
            int encoded = encoded(segment, i + 1);
            if (encoded < 0) {
                return Optional.of(new Refusal(BAD_REQUEST, INVALID_ESCAPE));
            }
            if (isAlphanumeric(encoded) || UNRESERVED_MARKS.indexOf(encoded) >= 0 || SEPARATORS.indexOf(encoded) >= 0
                    || encoded < ' ' || encoded == DELETE) {
                return Optional.of(new Refusal(NOT_FOUND, "Nothing exists at this path. %s must not be encoded."
                        .formatted(segment.substring(i, i + 3))));
            }
            i += 2;
        }
        return Optional.empty();
    }

    private static int encoded(String segment, int at) {
        return at + 2 > segment.length() || Character.digit(segment.charAt(at), 16) < 0
                || Character.digit(segment.charAt(at + 1), 16) < 0
                        ? -1
                        : Integer.parseInt(segment, at, at + 2, 16);
    }

    private static boolean isAlphanumeric(int character) {
        return character < 0x80 && Character.isLetterOrDigit(character);
    }
}
