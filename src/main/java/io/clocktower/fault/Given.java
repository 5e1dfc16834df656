package io.clocktower.fault;

import io.clocktower.clock.Effect;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.InvalidComponentException;
import io.clocktower.clock.UtcTime;
import java.time.YearMonth;
import java.util.Map;

/** The values that an effect is made of, by the names of its members. */
record Given(Map<String, Object> values) {

    long ns(String member) {
        return (Long) values.get(member);
    }

    long number(String member) {
        return (Long) values.get(member);
    }

    YearMonth month(String member) {
        return (YearMonth) values.get(member);
    }

    String choice(String member) {
        return (String) values.get(member);
    }

    Effect.SetTime utc(String member) {
        UtcTime time = (UtcTime) values.get(member);
        long utcNs = HostInstant.ns(time.time()).orElseThrow(
                () -> new InvalidComponentException("utcNs", time + ", expected " + Member.UTC_RANGE));
        return new Effect.SetTime(utcNs, time.isLeapSecond());
    }
}
