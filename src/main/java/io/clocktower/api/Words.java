package io.clocktower.api;

import java.util.Locale;

/** The words for the constants of enumerations, as in the configuration. */
final class Words {

    private Words() {}

    static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
