package io.clocktower.spec;

import java.util.regex.Pattern;

/** Names as in the values of Kubernetes labels: those of devices, of tokens, and the values of labels. */
public final class Names {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

    private Names() {}

    /**
     * Whether it has 1 to 63 letters, digits, {@code .}, {@code _} and {@code -}, with a letter or digit at both ends.
     * Such a name is also safe as the name of a file.
     */
    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }
}
