package io.clocktower.api;

import io.clocktower.spec.FieldError;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.List;

/** A call is rejected because of its body or parameters. The answer names each field that is wrong. */
final class FieldsException extends WebApplicationException {

    private static final long serialVersionUID = 1L;

    private final transient Response.StatusType status;
    private final transient List<FieldError> errors;

    private FieldsException(Response.StatusType status, List<FieldError> errors) {
        super(status.getReasonPhrase(), Response.status(status).build());
        this.status = status;
        this.errors = errors;
    }

    /** A field is missing or malformed: 400. */
    static FieldsException malformed(List<FieldError> errors) {
        return new FieldsException(Response.Status.BAD_REQUEST, errors);
    }

    /** All fields are well-formed, but at least one is not valid: 422. */
    static FieldsException invalid(List<FieldError> errors) {
        return new FieldsException(Problem.UNPROCESSABLE, errors);
    }

    /** Rejects a malformed body if there is an error. */
    static void refuse(List<FieldError> errors) {
        if (!errors.isEmpty()) {
            throw malformed(errors);
        }
    }

    /** A body that is required, and is not {@code null}. */
    static <T> T required(T body) {
        if (body == null) {
            throw malformed(List.of(new FieldError("", "expected a JSON object as the body")));
        }
        return body;
    }

    /** The same, for a body that is a part of another one; an empty path stands for the whole. */
    FieldsException in(String path) {
        return path.isEmpty()
                ? this
                : new FieldsException(status, errors.stream().map(error -> error.in(path)).toList());
    }

    Problem problem() {
        return Problem.of(status, errors);
    }
}
