package io.clocktower.api;

import io.clocktower.device.FieldFault;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Reads what the fields of one body mean, and gathers those that are well formed and still cannot be. */
final class Fields {

    private static final int MAX_TEXT = 256;
    private static final BigInteger NS_A_SECOND = BigInteger.valueOf(1_000_000_000);
    /** The components of effects that the API calls something else. */
    private static final Map<String, String> NAMES = Map.of("utcNs", "time", "lastDay", "month");

    private final List<FieldFault> faults = new ArrayList<>();

    /** An effect; null if it, or what it is made of, cannot be. */
    <T> T effect(Supplier<T> effect) {
        try {
            return effect.get();
        } catch (IllegalArgumentException e) {
            FieldFault fault = FieldFault.of(e);
            if (faults.isEmpty()) {
                faults.add(new FieldFault(NAMES.getOrDefault(fault.field(), fault.field()), fault.detail()));
            }
            return null;
        }
    }

    /** Nanoseconds that are given either as a duration, in the field, or as a number, in the field and Ns. */
    long ns(String field, Duration duration, Long ns) {
        if (duration != null && ns != null) {
            faults.add(new FieldFault(field, "expected either %s or %sNs, got both".formatted(field, field)));
            return ns;
        }
        try {
            return ns == null ? duration.toNanos() : ns;
        } catch (ArithmeticException e) {
            faults.add(new FieldFault(field, "%s, expected at most 292 years, 64 bits of nanoseconds"
                    .formatted(Times.duration(duration))));
            return 0;
        }
    }

    /** An instant as unsigned nanoseconds since 1970. */
    long unsignedNs(String field, Instant instant) {
        BigInteger ns = BigInteger.valueOf(instant.getEpochSecond()).multiply(NS_A_SECOND)
                .add(BigInteger.valueOf(instant.getNano()));
        if (ns.signum() < 0 || ns.bitLength() > Long.SIZE) {
            faults.add(new FieldFault(field, instant + ", expected 1970-01-01 to 2554-07-21"));
            return 0;
        }
        return ns.longValue();
    }

    /** A line of text. */
    String text(String field, String text, String byDefault) {
        if (text == null) {
            return byDefault;
        }
        if (text.length() > MAX_TEXT || !FieldFault.isPrintable(text)) {
            faults.add(new FieldFault(field, "%s, expected at most %d printable characters"
                    .formatted(FieldFault.quoted(text), MAX_TEXT)));
        }
        return text;
    }

    /**
     * @throws FieldsException that names each field that cannot be
     */
    void refuseImpossible() {
        if (!faults.isEmpty()) {
            throw FieldsException.impossible(faults);
        }
    }
}
