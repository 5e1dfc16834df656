package io.clocktower.spec;

import io.clocktower.clock.InvalidComponentException;

/**
 * One field of a request is not valid.
 *
 * @param field the path of a component, for example {@code clocks[1].smearing}; empty for the whole. An edge that spells
 *     its fields differently translates it
 * @param detail the value that was given, unless it is missing, and what is allowed
 */
public record FieldError(String field, String detail) {

    /** The error of a component whose field has the component's name. */
    public static FieldError of(InvalidComponentException error) {
        return new FieldError(error.component(), error.detail());
    }

    /** The same error, of a field within another field. */
    public FieldError in(String path) {
        return new FieldError(field.isEmpty() ? path : path + "." + field, detail);
    }

    @Override
    public String toString() {
        return field.isEmpty() ? detail : field + ": " + detail;
    }
}
