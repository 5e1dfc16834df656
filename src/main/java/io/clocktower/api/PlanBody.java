package io.clocktower.api;

import io.clocktower.clock.InvalidComponentException;
import io.clocktower.plan.Plan;
import io.clocktower.plan.Recurrence;
import io.clocktower.plan.Share;
import io.clocktower.plan.Step;
import io.clocktower.plan.Target;
import io.clocktower.spec.FieldError;
import io.clocktower.spec.LabelSelector;
import io.clocktower.spec.Texts;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A plan, as an operator requests it. */
@Schema(name = "PlanRequest", description = "Timed faults for a number of devices")
record PlanBody(
        @Schema(description = "Name of the plan, at most 256 characters", examples = "leap day rehearsal") String name,
        @Schema(description = "Seed of all random choices: the same seed and the same devices give the same schedule. Default: a random seed, which the answer contains", examples = "42") Long seed,
        @Schema(required = true, description = "1 to 1000 steps, with at most 10000 faults over all devices") List<StepBody> steps,
        @Schema(description = "When the plan runs, again and again: a cron expression of five fields (minute, hour, day of month, month, day of week). Default: at once, and once", examples = "0 3 * * 1") String schedule,
        @Schema(description = "Time zone of schedule. Default: UTC", examples = "Europe/Berlin") String timeZone,
        @Schema(description = "No run of schedule begins after this time. Default: it runs until it is stopped", examples = "2027-01-31T00:00:00Z") Instant until) {

    /** JSON readers that use floating point do not round smaller numbers. */
    private static final long MAX_DRAWN_SEED = 1L << 53;

    /** A step of a plan, as an operator requests it. */
    @Schema(name = "PlanStep", description = "One fault for a number of devices: those that have all labels in label, or"
            + " those named in devices. Of these, all devices, or only count or percent of them")
    record StepBody(
            @Schema(type = SchemaType.STRING, description = "When, from the start of the plan: 0s to 30 days. Default: 0s", examples = "PT10S") Duration at,
            @Schema(type = SchemaType.STRING, description = "Maximum random delay, chosen for each device: 0s to 30 days. Default: 0s", examples = "PT2S") Duration jitter,
            @Schema(description = "Labels as name=value; only devices that have all of them", examples = "[\"team=payments\"]") List<String> label,
            @Schema(description = "Names of devices; instead of label", examples = "[\"vm0\", \"vm1\"]") List<String> devices,
            @Schema(description = "How many of the matching devices, chosen at random. Default: all", examples = "2") Integer count,
            @Schema(description = "How many percent of the matching devices, chosen at random: 1 to 100, rounded up to at least one device; instead of count", examples = "50") Integer percent,
            @Schema(required = true, description = "The fault, without start. A jitter fault without a seed gets a random one for each device") FaultBody fault) {

        private Step step(String caller) {
            given("fault", fault, "a fault");
            if (fault.after() != null) {
                throw malformed("fault.after", "not supported in a plan, expected at of the step");
            }
            var request = within("fault", () -> fault.request(caller));
            return new Step(orZero(at), orZero(jitter), target(), share(), request, !fault.has("seed"));
        }

        private static Duration orZero(Duration time) {
            return time == null ? Duration.ZERO : time;
        }

        private Target target() {
            if (devices != null && label != null) {
                throw malformed("devices", "expected either label or devices, got both");
            }
            if (devices != null) {
                return new Target.Names(each("devices", devices, (_, name) -> name));
            }
            return new Target.Labels(
                    new LabelSelector(each("label", given("label", label, "labels, or devices"), StepBody::label)));
        }

        private static Map.Entry<String, String> label(String field, String text) {
            return LabelSelector.parse(text)
                    .orElseThrow(() -> malformed(field, Texts.quoted(text) + ", expected name=value"));
        }

        private Share share() {
            if (count != null && percent != null) {
                throw malformed("percent", "expected either count or percent, got both");
            }
            return count != null
                    ? new Share.Count(count)
                    : percent != null ? new Share.Percent(percent) : new Share.All();
        }
    }

    /** Reads one element of a list; the field has its index. */
    @FunctionalInterface
    private interface Reader<B, T> {
        T read(String field, B body);
    }

    /**
     * @param caller the author of its faults
     * @throws FieldsException that names what is missing (400), or what is not valid (422)
     */
    Plan plan(String caller) {
        return within("", () -> new Plan(text(), seed == null
                ? ThreadLocalRandom.current().nextLong(MAX_DRAWN_SEED)
                : seed,
                each("steps", given("steps", steps, "at least one"),
                        (path, step) -> within(path, () -> step.step(caller))),
                recurrence()));
    }

    private Optional<Recurrence> recurrence() {
        if (schedule == null && (timeZone != null || until != null)) {
            throw malformed(timeZone != null ? "timeZone" : "until", "expected only with schedule");
        }
        return Optional.ofNullable(schedule).map(cron -> new Recurrence(cron, zone(), Optional.ofNullable(until)));
    }

    private ZoneId zone() {
        try {
            return timeZone == null ? ZoneOffset.UTC : ZoneId.of(timeZone);
        } catch (DateTimeException e) {
            throw FieldsException.invalid(List.of(new FieldError("timeZone",
                    Texts.quoted(timeZone) + ", expected the name of a time zone, such as UTC or Europe/Berlin")));
        }
    }

    private String text() {
        var fields = new Fields();
        String text = fields.text("name", name, "");
        fields.refuseImpossible();
        return text;
    }

    private static <T> T given(String field, T value, String expected) {
        if (value == null) {
            throw malformed(field, "missing, expected " + expected);
        }
        return value;
    }

    private static FieldsException malformed(String field, String detail) {
        return FieldsException.malformed(List.of(new FieldError(field, detail)));
    }

    private static <B, T> List<T> each(String field, List<B> bodies, Reader<B, T> reader) {
        List<T> all = new ArrayList<>();
        for (B body : bodies) {
            String path = field + "[" + all.size() + "]";
            all.add(reader.read(path, given(path, body, "a value that is not null")));
        }
        return all;
    }

    /** Reads a part of the request; its errors get the path of the part. */
    private static <T> T within(String path, Supplier<T> part) {
        try {
            return part.get();
        } catch (FieldsException e) {
            throw e.in(path);
        } catch (InvalidComponentException e) {
            throw FieldsException.invalid(List.of(FieldError.of(e))).in(path);
        }
    }
}
