package io.clocktower.api;

import io.clocktower.clock.Effect;

/** What a fault does, as the API calls it. */
enum FaultType {
    STEP, SET, DRIFT, SLEW, FREEZE, JITTER, STROBE, LEAP_SECOND;

    static FaultType of(Effect effect) {
        return switch (effect) {
            case Effect.Step _ -> STEP;
            case Effect.SetTime _ -> SET;
            case Effect.Drift _ -> DRIFT;
            case Effect.Slew _ -> SLEW;
            case Effect.Freeze _ -> FREEZE;
            case Effect.Jitter _ -> JITTER;
            case Effect.Strobe _ -> STROBE;
            case Effect.LeapSecond _ -> LEAP_SECOND;
        };
    }
}
