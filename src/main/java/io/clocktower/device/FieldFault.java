package io.clocktower.device;

/**
 * What is wrong with one field of what was asked for.
 *
 * @param field as the REST API writes it, {@code clocks[1].smearing} say; empty for the whole
 * @param detail the value, unless it is missing, and what was expected
 */
public record FieldFault(String field, String detail) {

    private static final int MAX_SHOWN = 80;

    /** Somebody's text in a form that can stand in a message: of one line, and no longer than that may be. */
    public static String shown(String value) {
        var shown = new StringBuilder();
        String cut = value.length() > MAX_SHOWN ? value.substring(0, MAX_SHOWN) : value;
        cut.codePoints().forEach(character -> {
            if (isPrintable(character)) {
                shown.appendCodePoint(character);
            } else {
                shown.append(String.format("\\u%04x", character));
            }
        });
        return value.length() > MAX_SHOWN ? shown.append('…').toString() : shown.toString();
    }

    /** Whether somebody's text can stand in a line as it is. */
    public static boolean isPrintable(String text) {
        return text.codePoints().allMatch(FieldFault::isPrintable);
    }

    private static boolean isPrintable(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                false;
            default -> true;
        };
    }

    /** As {@link #shown}, in quotation marks. */
    public static String quoted(String value) {
        return '"' + shown(value) + '"';
    }

    /**
     * The fault of a component of a value.
     *
     * @param refusal says {@code COMPONENT: DETAIL}
     */
    static FieldFault of(String field, IllegalArgumentException refusal) {
        return of(refusal).in(field);
    }

    /**
     * The fault of a component.
     *
     * @param refusal says {@code COMPONENT: DETAIL}
     */
    public static FieldFault of(IllegalArgumentException refusal) {
        String[] parts = refusal.getMessage().split(": ", 2);
        return new FieldFault(parts[0], parts[1]);
    }

    /** The same of a field that is a part of another one. */
    public FieldFault in(String path) {
        return new FieldFault(field.isEmpty() ? path : path + "." + field, detail);
    }

    @Override
    public String toString() {
        return field.isEmpty() ? detail : field + ": " + detail;
    }
}
