package io.clocktower.plan;

import io.clocktower.device.FieldFault;
import java.util.Optional;

/** What is asked of plans and cannot be done; it changed nothing, unless it says so. */
public final class PlanException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why it cannot be done. */
    public enum Reason {
        /** There is no such plan. */
        NOT_FOUND,
        /** It is possible, but not while so many others run. */
        CONFLICT,
        /** The devices there are do not allow it; {@link PlanException#fault} names the field to blame. */
        IMPOSSIBLE,
        /** The service is stopping, or devices do not answer. */
        UNAVAILABLE
    }

    private final Reason reason;
    private final transient FieldFault fault;

    private PlanException(Reason reason, String message, FieldFault fault) {
        super(message);
        this.reason = reason;
        this.fault = fault;
    }

    /** Why it cannot be done. */
    public Reason reason() {
        return reason;
    }

    /** What is to blame; nothing unless it is impossible. */
    public Optional<FieldFault> fault() {
        return Optional.ofNullable(fault);
    }

    static PlanException notFound() {
        return new PlanException(Reason.NOT_FOUND, "There is no such plan.", null);
    }

    static PlanException conflict(String message) {
        return new PlanException(Reason.CONFLICT, message, null);
    }

    static PlanException impossible(String field, String detail) {
        return impossible(new FieldFault(field, detail));
    }

    static PlanException impossible(FieldFault fault) {
        return new PlanException(Reason.IMPOSSIBLE, fault.toString(), fault);
    }

    static PlanException unavailable(String message) {
        return new PlanException(Reason.UNAVAILABLE, message, null);
    }
}
