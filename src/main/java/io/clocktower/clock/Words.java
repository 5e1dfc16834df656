package io.clocktower.clock;

import java.util.Locale;

/** The words for the constants of enumerations, as in the configuration. */
public final class Words {

    private Words() {}

    /** In lower case, with hyphens: {@code utc-smeared}. */
    public static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
