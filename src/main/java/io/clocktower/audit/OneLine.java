package io.clocktower.audit;

/** Words of others, as they may stand in a line of the log. */
final class OneLine {

    private static final int MAX_LENGTH = 200;

    private OneLine() {}

    /** The same without what could begin another line or command a terminal, and not too long. */
    static String of(Object words) {
        String line = String.valueOf(words).replaceAll("[^\\p{Print}\\p{IsLetter}]", "?");
        return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "...";
    }
}
