package io.clocktower;

import io.clocktower.linux.EarlyLinks;

/** Does on a thread of its own what a start would otherwise wait for, in the order in which the start comes to it. */
final class StartAhead {

    /** OIDC asks each algorithm of the JVM whether it is there. */
    private static final String ALGORITHMS = "org.jose4j.jwa.AlgorithmFactoryFactory";

    private StartAhead() {}

    static void begin() {
        Thread.ofPlatform().name("start-ahead").daemon().start(StartAhead::run);
    }

    /** What fails here fails again, and is said, when the start comes to it. */
    private static void run() {
        try {
            Class.forName(ALGORITHMS);
            EarlyLinks.link();
        } catch (ClassNotFoundException | LinkageError e) {
            // Said by the start itself.
        }
    }
}
