package io.clocktower.api;

import io.clocktower.device.FieldFault;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.List;

/** A call is refused for what its body says; the answer names each field that is wrong. */
final class FieldsException extends WebApplicationException {

    private static final long serialVersionUID = 1L;

    private final transient Response.StatusType status;
    private final transient List<FieldFault> faults;

    private FieldsException(Response.StatusType status, List<FieldFault> faults) {
        super(status.getReasonPhrase(), Response.status(status).build());
        this.status = status;
        this.faults = faults;
    }

    /** It does not say what it must: 400. */
    static FieldsException malformed(List<FieldFault> faults) {
        return new FieldsException(Response.Status.BAD_REQUEST, faults);
    }

    /** It says what cannot be: 422. */
    static FieldsException impossible(List<FieldFault> faults) {
        return new FieldsException(Problem.UNPROCESSABLE, faults);
    }

    /** Refuses a body that does not say what it must, if there is a fault. */
    static void refuse(List<FieldFault> faults) {
        if (!faults.isEmpty()) {
            throw malformed(faults);
        }
    }

    /** A body that must be there, and is not {@code null}. */
    static <T> T required(T body) {
        if (body == null) {
            throw malformed(List.of(new FieldFault("", "expected a JSON object as the body")));
        }
        return body;
    }

    /** The same of a body that is a part of another one; an empty path is the whole. */
    FieldsException in(String path) {
        return path.isEmpty()
                ? this
                : new FieldsException(status, faults.stream().map(fault -> fault.in(path)).toList());
    }

    Problem problem() {
        return Problem.of(status, faults);
    }
}
