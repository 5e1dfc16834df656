package io.clocktower.api;

import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What went wrong with a call: a problem document of RFC 9457. Its type is always {@code about:blank}, so it is left
 * out, and the title is that of the status.
 */
@Schema(description = "What went wrong: a problem document (RFC 9457)")
public record Problem(@Schema(examples = "Not Found") String title, @Schema(examples = "404") int status,
        @Schema(description = "For a person", examples = "There is no device vm9.") String detail) {

    static final String MEDIA_TYPE = "application/problem+json";
    static final Response.StatusType UNPROCESSABLE_CONTENT = new UnprocessableContent();

    /** 422 of RFC 9110, which Jakarta REST has no constant for. */
    private record UnprocessableContent() implements Response.StatusType {
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
    }

    static Problem of(Response.StatusType status, String detail) {
        return new Problem(status.getReasonPhrase(), status.getStatusCode(), detail);
    }

    Response toResponse() {
        return Response.status(status).type(MEDIA_TYPE).entity(this).build();
    }
}
