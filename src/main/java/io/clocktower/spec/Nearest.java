package io.clocktower.spec;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * The known name that is nearest to one that is not known, for a message: {@code did you mean 'shutdown-grace'?} In a known
 * name each {@code *} is for one character or more, such as the name of a device, and is answered as it was given.
 */
public final class Nearest {

    private static final char ANY = '*';
    /** A name of that many characters may have one error; each further one as many characters again. */
    private static final int CHARACTERS_PER_ERROR = 3;
    private static final int LEAST_ERRORS = 2;

    /** The beginning of a known name that fits the beginning of the given one with so many errors. */
    private record Fit(String text, int errors) {

        static final Fit NONE = new Fit("", Integer.MAX_VALUE);

        Fit then(char next, int error) {
            return errors == Integer.MAX_VALUE ? NONE : new Fit(text + next, errors + error);
        }

        Fit skip() {
            return errors == Integer.MAX_VALUE ? NONE : new Fit(text, errors + 1);
        }

        Fit orBetter(Fit other) {
            return other.errors < errors ? other : this;
        }
    }

    private Nearest() {}

    /** The nearest of the known names, unless all are far from what was given. */
    public static Optional<String> of(String given, Collection<String> known) {
        return known.stream().sorted().map(name -> fit(name, given)).min(Comparator.comparingInt(Fit::errors))
                .filter(fit -> fit.errors() <= Math.max(LEAST_ERRORS, given.length() / CHARACTERS_PER_ERROR))
                .map(Fit::text);
    }

    /** The end of a message about a name that is not known: a question, or nothing. */
    public static String question(String given, Collection<String> known) {
        return of(given, known).map(nearest -> " (did you mean '" + nearest + "'?)").orElse("");
    }

    /** Levenshtein's distance, row by row: a row is a beginning of the known name, a column one of the given. */
    private static Fit fit(String known, String given) {
        Fit[] row = new Fit[given.length() + 1];
        row[0] = new Fit("", 0);
        for (int j = 1; j <= given.length(); j++) {
            row[j] = row[j - 1].skip();
        }
        for (char letter : known.toCharArray()) {
            row = letter == ANY ? anything(row, given) : next(row, letter, given);
        }
        return row[given.length()];
    }

    private static Fit[] next(Fit[] above, char letter, String given) {
        Fit[] row = new Fit[above.length];
        row[0] = above[0].then(letter, 1);
        for (int j = 1; j < row.length; j++) {
            char character = given.charAt(j - 1);
            row[j] = above[j - 1].then(letter, letter == character ? 0 : 1).orBetter(above[j].then(letter, 1))
                    .orBetter(row[j - 1].skip());
        }
        return row;
    }

    private static Fit[] anything(Fit[] above, String given) {
        Fit[] row = new Fit[above.length];
        row[0] = Fit.NONE;
        for (int j = 1; j < row.length; j++) {
            char character = given.charAt(j - 1);
            row[j] = above[j - 1].then(character, 0).orBetter(row[j - 1].then(character, 0));
        }
        return row;
    }
}
