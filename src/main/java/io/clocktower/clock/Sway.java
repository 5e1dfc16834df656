package io.clocktower.clock;

/** How to take the offsets that jitter and strobe draw. */
enum Sway {
    /** As they are drawn. */
    ACTUAL,
    /** Each as low as it can be. */
    LOWEST,
    /** Each as high as it can be. */
    HIGHEST
}
