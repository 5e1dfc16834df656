package io.clocktower.plan;

import com.cronutils.model.Cron;
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import io.clocktower.clock.InvalidComponentException;
import io.clocktower.spec.Texts;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Optional;

/**
 * When a plan begins again, by the host's wall clock.
 *
 * @param schedule a cron expression of five fields: minute, hour, day of month, month, day of week
 * @param zone the time zone of the expression
 * @param until no run begins after it
 */
public record Recurrence(String schedule, ZoneId zone, Optional<Instant> until) {

    private static final int MAX_LENGTH = 200;
    private static final int FIELDS = 5;

    /**
     * @throws InvalidComponentException if the expression is not one
     */
    public Recurrence {
        parse(schedule);
    }

    private static Cron parse(String schedule) {
        try {
            if (schedule.length() > MAX_LENGTH || schedule.strip().split("\\s+").length != FIELDS) {
                throw new IllegalArgumentException("not five fields");
            }
            return new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX)).parse(schedule);
        } catch (IllegalArgumentException e) {
            throw new InvalidComponentException("schedule",
                    ("%s, expected a cron expression of five fields (minute, hour, day of month, month, day of week),"
                            + " such as '0 3 * * 1'").formatted(Texts.quoted(schedule)));
        }
    }

    /** When a run begins next, after an instant; empty if none does. */
    public Optional<Instant> next(Instant after) {
        return ExecutionTime.forCron(parse(schedule)).nextExecution(after.atZone(zone)).map(ZonedDateTime::toInstant)
                .filter(at -> until.isEmpty() || !at.isAfter(until.get()));
    }
}
