package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.spec.FieldError;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * Why a call was rejected or failed: a problem document of RFC 9457. Its type is always {@code about:blank}, so it is left
 * out, and the title is that of the status.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@Schema(description = "Why the call was rejected or failed: a problem document (RFC 9457)")
public record Problem(@Schema(examples = "Not Found") String title, @Schema(examples = "404") int status,
        @Schema(description = "Explanation for a person", examples = "There is no device vm9.") String detail,
        @Schema(description = "What is wrong with the body or the parameters, field by field") List<Error> errors) {

    static final String MEDIA_TYPE = "application/problem+json";
    /** Jakarta REST has no constant for this status. */
    static final Response.StatusType UNPROCESSABLE = new Response.StatusType() {

        @Override
        public int getStatusCode() {
            return 422;
        }

        @Override
        public Response.Status.Family getFamily() {
            return Response.Status.Family.CLIENT_ERROR;
        }

        @Override
        public String getReasonPhrase() {
            return "Unprocessable Content";
        }
    };

    /** What is wrong with one field. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    @Schema(name = "FieldError", description = "What is wrong with one field of the body, or with one parameter")
    public record Error(
            @Schema(description = "Path of the field; left out for the whole body", examples = "clocks[0].type") String field,
            @Schema(description = "The value, and what is expected", examples = "\"utx\", expected one of utc, tai") String detail) {

        private static Error of(FieldError error) {
            return new Error(error.field(), error.detail());
        }
    }

    static Problem of(Response.StatusType status, String detail) {
        return new Problem(status.getReasonPhrase(), status.getStatusCode(), detail, List.of());
    }

    /** At least one field is wrong. */
    static Problem of(Response.StatusType status, List<FieldError> errors) {
        return new Problem(status.getReasonPhrase(), status.getStatusCode(),
                errors.stream().map(FieldError::toString).collect(Collectors.joining("; ")),
                errors.stream().map(Error::of).toList());
    }

    Response toResponse() {
        return Response.status(status).type(MEDIA_TYPE).entity(this).build();
    }
}
