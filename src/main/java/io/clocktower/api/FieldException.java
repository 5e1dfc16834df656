package io.clocktower.api;

/** A member of a request that cannot be. */
final class FieldException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String field;
    private final boolean isMalformed;

    private FieldException(String field, String detail, boolean isMalformed) {
        super(detail);
        this.field = field;
        this.isMalformed = isMalformed;
    }

    /** One that is not what it is to be. */
    FieldException(String field, String detail) {
        this(field, detail, true);
    }

    /**
     * One that is well formed and still impossible.
     *
     * @param message begins with the field and a colon
     */
    static FieldException impossible(String message) {
        int colon = message.indexOf(':');
        return colon < 0
                ? new FieldException("", message, false)
                : new FieldException(message.substring(0, colon), message.substring(colon + 1).strip(), false);
    }

    String field() {
        return field;
    }

    boolean isMalformed() {
        return isMalformed;
    }
}
