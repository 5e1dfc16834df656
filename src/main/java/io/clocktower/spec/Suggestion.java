package io.clocktower.spec;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Suggests a known name in the place of an unknown one, for messages. */
public final class Suggestion {

    /** One error in this many characters is a typo. */
    private static final int CHARACTERS_PER_ERROR = 3;
    /** A longer name is no typo; the comparison takes time in proportion to the square of the length. */
    private static final int MAX_LENGTH = 128;

    private Suggestion() {}

    /**
     * The end of a message about an unknown name: {@code  (did you mean 'name'?)} if a known name is near, otherwise all of
     * them, {@code , expected one of clocks, name}.
     */
    public static String of(String unknown, Collection<String> known) {
        return nearest(unknown, known).map(name -> " (did you mean '" + name + "'?)")
                .orElseGet(() -> known.isEmpty()
                        ? ""
                        : ", expected one of " + known.stream().sorted().collect(Collectors.joining(", ")));
    }

    /** The known name that differs from the unknown one in case, in hyphens, or in few characters. */
    public static Optional<String> nearest(String unknown, Collection<String> known) {
        if (unknown.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        String given = normal(unknown);
        return known.stream().filter(name -> distance(given, normal(name)) <= limit(given, normal(name)))
                .min(Comparator.comparingInt((String name) -> distance(given, normal(name)))
                        .thenComparing(Comparator.naturalOrder()));
    }

    private static String normal(String name) {
        return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    private static int limit(String a, String b) {
        return Math.max(a.length(), b.length()) / CHARACTERS_PER_ERROR;
    }

    /** How many characters must be inserted, deleted, replaced or swapped with their neighbour. */
    private static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        IntStream.rangeClosed(0, a.length()).forEach(i -> cost[i][0] = i);
        IntStream.rangeClosed(0, b.length()).forEach(j -> cost[0][j] = j);
        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                cost[i][j] = Math.min(replaced, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
                }
            }
        }
        return cost[a.length()][b.length()];
    }
}
