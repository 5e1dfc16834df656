package io.clocktower.clock;

/** A component of a value is not valid. The value was not made; the caller knows which field the component came from. */
public final class InvalidComponentException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String component;
    private final String detail;

    /**
     * @param component its name in the record or method that rejects it
     * @param detail what was given, unless it is missing, and what is allowed: {@code 64, expected 0 to 63}
     */
    public InvalidComponentException(String component, String detail) {
        super(component + ": " + detail);
        this.component = component;
        this.detail = detail;
    }

    public String component() {
        return component;
    }

    public String detail() {
        return detail;
    }
}
