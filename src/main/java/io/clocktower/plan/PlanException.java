package io.clocktower.plan;

/** What is asked of plans and cannot be done; it changed nothing, unless it says so. */
public final class PlanException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Why it cannot be done. */
    public enum Reason {
        /** There is no such plan. */
        NOT_FOUND,
        /** It is possible, but not while so many others run. */
        CONFLICT,
        /** The devices there are do not allow it; the message begins with the path of the field to blame. */
        IMPOSSIBLE,
        /** The service is stopping, or devices do not answer. */
        UNAVAILABLE
    }

    private final Reason reason;

    private PlanException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** Why it cannot be done. */
    public Reason reason() {
        return reason;
    }

    static PlanException notFound() {
        return new PlanException(Reason.NOT_FOUND, "there is no such plan");
    }

    static PlanException conflict(String message) {
        return new PlanException(Reason.CONFLICT, message);
    }

    static PlanException impossible(String message) {
        return new PlanException(Reason.IMPOSSIBLE, message);
    }

    static PlanException unavailable(String message) {
        return new PlanException(Reason.UNAVAILABLE, message);
    }
}
