package io.clocktower.spec;

/** Text of other parties, made safe for one line of a message or of the log. */
public final class Texts {

    private static final int MAX_SHOWN = 80;

    private Texts() {}

    /** The text in one line of at most 80 characters; what is not printable is escaped as in Java, {@code \u000a}. */
    public static String shown(String text) {
        return shown(text, MAX_SHOWN);
    }

    /** The same with another limit; a text that is cut ends with {@code …}. */
    public static String shown(String text, int maxLength) {
        boolean isCut = text.length() > maxLength;
        var shown = new StringBuilder();
        (isCut ? text.substring(0, maxLength) : text).codePoints().forEach(character -> {
            if (isPrintable(character)) {
                shown.appendCodePoint(character);
            } else {
                shown.append(String.format("\\u%04x", character));
            }
        });
        return isCut ? shown.append('…').toString() : shown.toString();
    }

    /** As {@link #shown(String)}, in quotation marks. */
    public static String quoted(String text) {
        return '"' + shown(text) + '"';
    }

    /** Whether the text can stand in a line as it is. */
    public static boolean isPrintable(String text) {
        return text.codePoints().allMatch(Texts::isPrintable);
    }

    private static boolean isPrintable(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                false;
            default -> true;
        };
    }
}
