package io.clocktower.plan;

import io.clocktower.spec.FieldError;
import java.util.Optional;

/** What was asked of plans is rejected. Nothing changed, unless the message says so. */
public final class PlanException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why it was rejected. */
    public enum Reason {
        /** The plan does not exist. */
        NOT_FOUND,
        /** Too many plans run. */
        CONFLICT,
        /** It is not valid with the present devices; {@link PlanException#fault} names the field. */
        IMPOSSIBLE,
        /** The service is stopping, devices do not answer, or the disk cannot be written. */
        UNAVAILABLE
    }

    private final Reason reason;
    private final transient FieldError fault;

    private PlanException(Reason reason, String message, FieldError fault) {
        super(message);
        this.reason = reason;
        this.fault = fault;
    }

    /** Why it was rejected. */
    public Reason reason() {
        return reason;
    }

    /** The field that is not valid; only with {@link Reason#IMPOSSIBLE}. */
    public Optional<FieldError> fault() {
        return Optional.ofNullable(fault);
    }

    static PlanException notFound() {
        return new PlanException(Reason.NOT_FOUND, "There is no such plan.", null);
    }

    static PlanException conflict(String message) {
        return new PlanException(Reason.CONFLICT, message, null);
    }

    static PlanException impossible(String field, String detail) {
        return impossible(new FieldError(field, detail));
    }

    static PlanException impossible(FieldError fault) {
        return new PlanException(Reason.IMPOSSIBLE, fault.toString(), fault);
    }

    static PlanException unavailable(String message) {
        return new PlanException(Reason.UNAVAILABLE, message, null);
    }
}
