package io.clocktower.api;

import io.clocktower.spec.FieldError;
import io.clocktower.spec.Texts;
import java.util.ArrayList;
import java.util.List;

/** Collects the fields of a body that are well-formed but not valid. */
final class Fields {

    private static final int MAX_TEXT = 256;

    private final List<FieldError> errors = new ArrayList<>();

    /** Adds an error of a field that is well-formed. */
    void add(String field, String detail) {
        errors.add(new FieldError(field, detail));
    }

    /** A line of text. */
    String text(String field, String text, String byDefault) {
        if (text == null) {
            return byDefault;
        }
        if (text.length() > MAX_TEXT || !Texts.isPrintable(text)) {
            errors.add(new FieldError(field, "%s, expected at most %d printable characters"
                    .formatted(Texts.quoted(text), MAX_TEXT)));
        }
        return text;
    }

    /**
     * @throws FieldsException with each of them, if there are any
     */
    void refuseImpossible() {
        if (!errors.isEmpty()) {
            throw FieldsException.invalid(errors);
        }
    }
}
