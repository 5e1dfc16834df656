package io.clocktower.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.InvalidComponentException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecurrenceTest {

    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private static Optional<Instant> next(String schedule, ZoneId zone, String after) {
        return new Recurrence(schedule, zone, Optional.empty()).next(Instant.parse(after));
    }

    @Test
    void theNextRunIsAfterTheInstantAndNotAtIt() {
        assertEquals(Optional.of(Instant.parse("2026-11-30T03:00:00Z")),
                next("0 3 * * 1", ZoneOffset.UTC, "2026-11-27T10:00:00Z"));
        assertEquals(Optional.of(Instant.parse("2026-12-07T03:00:00Z")),
                next("0 3 * * 1", ZoneOffset.UTC, "2026-11-30T03:00:00Z"));
    }

    @Test
    void theTimeZoneIsThatOfTheExpressionInSummerAndInWinter() {
        assertEquals(Optional.of(Instant.parse("2026-07-01T01:00:00Z")),
                next("0 3 * * *", BERLIN, "2026-06-30T12:00:00Z"));
        assertEquals(Optional.of(Instant.parse("2026-12-01T02:00:00Z")),
                next("0 3 * * *", BERLIN, "2026-11-30T12:00:00Z"));
    }

    @Test
    void afterUntilThereIsNone() {
        Instant last = Instant.parse("2026-11-28T03:00:00Z");
        var recurrence = new Recurrence("0 3 * * *", ZoneOffset.UTC, Optional.of(last));
        assertEquals(Optional.of(last), recurrence.next(Instant.parse("2026-11-27T10:00:00Z")));
        assertEquals(Optional.empty(), recurrence.next(last));
    }

    @Test
    void aDayThatNeverComesHasNone() {
        assertEquals(Optional.empty(), next("0 0 30 2 *", ZoneOffset.UTC, "2026-11-27T10:00:00Z"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "daily", "@daily", "0 3 * *", "0 0 3 * * 1", "61 * * * *", "* 25 * * *", "* * 0 * *",
            "* * * 13 *", "* * * * 9", "a b c d e", "0 3 * * 1 2027", "*/0 * * * *"})
    void whatIsNoExpressionOfFiveFieldsIsRejected(String schedule) {
        var error = assertThrows(InvalidComponentException.class,
                () -> new Recurrence(schedule, ZoneOffset.UTC, Optional.empty()));
        assertTrue(error.getMessage().contains("expected a cron expression of five fields"), error.getMessage());
    }
}
