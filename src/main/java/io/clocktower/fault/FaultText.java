package io.clocktower.fault;

/** Faults in words. */
public final class FaultText {

    private FaultText() {}

    /** Such as {@code step, offset -PT5M, of clock 0, for PT10M, by alice: rehearsing}. */
    public static String of(Fault fault) {
        return EffectKind.text(fault.effect())
                + fault.clock().map(", of clock %d"::formatted).orElse("")
                + (fault.isActive() ? "" : (fault.isPaused() ? ", paused at " : ", from ") + fault.start())
                + fault.duration().map(length -> ", for " + length).orElse("")
                + ", by " + fault.author()
                + (fault.onBehalfOf().isEmpty() ? "" : " on behalf of " + fault.onBehalfOf())
                + (fault.reason().isEmpty() ? "" : ": " + fault.reason());
    }
}
