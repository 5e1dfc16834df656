package io.clocktower.api;

import io.clocktower.device.FieldFault;
import io.clocktower.plan.Plan;
import io.clocktower.plan.Share;
import io.clocktower.plan.Step;
import io.clocktower.plan.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A plan, as an operator asks for it. */
@Schema(name = "PlanRequest", description = "Faults to come over some devices")
record PlanBody(
        @Schema(description = "What it is called", examples = "leap day rehearsal") String name,
        @Schema(description = "Of all that is drawn: the same seed over the same devices makes the same schedule. Without, one is drawn; the answer tells it.", examples = "42") Long seed,
        @Schema(required = true, description = "1 to 1000 of them, that come to at most 10000 faults over all devices") List<StepBody> steps) {

    /** What JSON readers that take numbers for floating-point ones do not round. */
    private static final long MAX_DRAWN_SEED = 1L << 53;

    /** A step of a plan, as an operator asks for it. */
    @Schema(name = "PlanStep", description = "One fault for some devices: those with all labels of label, or those that"
            + " devices names; of these all, or count, or percent")
    record StepBody(
            @Schema(type = SchemaType.STRING, description = "When, from the plan's start: PT0S, as if it is left out, to PT720H", examples = "PT10S") Duration at,
            @Schema(type = SchemaType.STRING, description = "How much later it may be, drawn for each device by itself; PT0S, as if it is left out, to PT720H", examples = "PT2S") Duration jitter,
            @Schema(description = "Labels as name=value, all of which a device must have", examples = "[\"team=payments\"]") List<String> label,
            @Schema(description = "Names of devices, instead of label", examples = "[\"vm0\", \"vm1\"]") List<String> devices,
            @Schema(description = "How many of the devices that match, drawn", examples = "2") Integer count,
            @Schema(description = "How many of a hundred of the devices that match, drawn; rounded up, so at least one. 1 to 100, instead of count.", examples = "50") Integer percent,
            @Schema(required = true, description = "What happens to their clocks. It has no start; if it jitters and has no seed, one is drawn for each device.") FaultBody fault) {

        private Step step(String caller) {
            given("fault", fault, "a fault");
            var request = within("fault", () -> fault.request(caller));
            return new Step(orZero(at), orZero(jitter), target(), share(), request, fault.seed() == null);
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
            return new Target.Labels(each("label", given("label", label, "labels, or devices"), StepBody::label));
        }

        private static Map.Entry<String, String> label(String field, String text) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw malformed(field, FieldFault.quoted(text) + ", expected name=value");
            }
            return Map.entry(text.substring(0, equals), text.substring(equals + 1));
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

    /** Reads one member of a list, of which the field is said with its index. */
    @FunctionalInterface
    private interface Reader<B, T> {
        T read(String field, B body);
    }

    /**
     * @param caller the author of the faults that name no other
     * @throws FieldsException that names what is missing (400), or else cannot be (422)
     */
    Plan plan(String caller) {
        return within("", () -> new Plan(text(), seed == null
                ? ThreadLocalRandom.current().nextLong(MAX_DRAWN_SEED)
                : seed,
                each("steps", given("steps", steps, "at least one"),
                        (path, step) -> within(path, () -> step.step(caller)))));
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
        return FieldsException.malformed(List.of(new FieldFault(field, detail)));
    }

    private static <B, T> List<T> each(String field, List<B> bodies, Reader<B, T> reader) {
        List<T> all = new ArrayList<>();
        for (B body : bodies) {
            String path = field + "[" + all.size() + "]";
            all.add(reader.read(path, given(path, body, "one that is not null")));
        }
        return all;
    }

    /** Reads a part of the request; what it refuses is refused with the part's path before it. */
    private static <T> T within(String path, Supplier<T> part) {
        try {
            return part.get();
        } catch (FieldsException e) {
            throw e.in(path);
        } catch (IllegalArgumentException e) {
            throw FieldsException.impossible(List.of(FieldFault.of(e))).in(path);
        }
    }
}
