package io.clocktower.fault;

import static io.clocktower.clock.Effect.HIGHEST_RATE_PPB;
import static io.clocktower.clock.Effect.SHORTEST_NS;
import static io.clocktower.fault.Member.choice;
import static io.clocktower.fault.Member.duration;
import static io.clocktower.fault.Member.month;
import static io.clocktower.fault.Member.number;
import static io.clocktower.fault.Member.utc;

import io.clocktower.clock.Effect;
import io.clocktower.clock.InvalidComponentException;
import java.time.YearMonth;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The table of the kinds of effects: what each is called, which members it has, and how they become an effect and come out
 * of one. REST, the OpenAPI document, state files, events and error messages follow from it, so an effect with an entry
 * here is known everywhere.
 *
 * @param name as the type of a fault
 * @param effect the class of its effects
 * @param example a fault of that kind in JSON, with {@code '} for {@code "}
 * @param members the first one decides how far the effect goes: an effect that cannot be is an error of that member
 */
public record EffectKind<E extends Effect>(String name, Class<E> effect, String example, Function<Given, E> constructor,
        List<Member<E>> members) {

    private static final long MAX_RANGE_NS = 1L << 62;
    private static final String INSERT = "insert";
    private static final String DELETE = "delete";

    /** All kinds. */
    public static final List<EffectKind<?>> ALL = List.of(
            new EffectKind<>("step", Effect.Step.class,
                    "{'type':'step','offset':'-PT5M','duration':'PT10M','reason':'rehearsing CHG-1234'}",
                    given -> new Effect.Step(given.ns("offset")),
                    List.of(duration("offset", "how far the clocks are moved", Long.MIN_VALUE, Long.MAX_VALUE,
                            Effect.Step::offsetNs))),
            new EffectKind<>("set", Effect.SetTime.class,
                    "{'type':'set','time':'2026-12-31T23:59:00Z','duration':'PT5M'}",
                    given -> given.utc("time"),
                    List.of(utc("time", "utcNs",
                            "UTC at the start of the fault; a leap second, 23:59:60, if the clocks' table has or rehearses it",
                            effect -> effect.time().toString()))),
            new EffectKind<>("drift", Effect.Drift.class,
                    "{'type':'drift','ratePpb':100000}",
                    given -> new Effect.Drift(given.number("ratePpb")),
                    List.of(number("ratePpb", "what the clocks gain, in billionths of elapsed time", -999_999_999,
                            HIGHEST_RATE_PPB, Effect.Drift::ratePpb))),
            new EffectKind<>("slew", Effect.Slew.class,
                    "{'type':'slew','offset':'PT1S','ratePpb':500000}",
                    given -> new Effect.Slew(given.ns("offset"), given.number("ratePpb")),
                    List.of(duration("offset", "how far the clocks are moved", Long.MIN_VALUE, Long.MAX_VALUE,
                            Effect.Slew::offsetNs),
                            number("ratePpb",
                                    "how fast the offset grows, in billionths of elapsed time; at most 999999999"
                                            + " if the offset is negative",
                                    1, HIGHEST_RATE_PPB, Effect.Slew::ratePpb))),
            new EffectKind<>("freeze", Effect.Freeze.class,
                    "{'type':'freeze','clock':0,'duration':'PT30S'}",
                    _ -> new Effect.Freeze(), List.of()),
            new EffectKind<>("jitter", Effect.Jitter.class,
                    "{'type':'jitter','range':'PT0.05S','interval':'PT1S','seed':7}",
                    given -> new Effect.Jitter(given.ns("range"), given.ns("interval"), given.number("seed")),
                    List.of(duration("range", "the largest offset, to either side", 0, MAX_RANGE_NS,
                            Effect.Jitter::rangeNs),
                            duration("interval", "how long an offset is kept", SHORTEST_NS, Long.MAX_VALUE,
                                    Effect.Jitter::intervalNs),
                            number("seed", "the same seed gives the same offsets", Long.MIN_VALUE, Long.MAX_VALUE,
                                    Effect.Jitter::seed).withDefault(0L))),
            new EffectKind<>("strobe", Effect.Strobe.class,
                    "{'type':'strobe','delta':'PT1H','period':'PT10S','duration':'PT5M'}",
                    given -> new Effect.Strobe(given.ns("delta"), given.ns("period")),
                    List.of(duration("delta", "how far the clocks are moved, every other period", Long.MIN_VALUE,
                            Long.MAX_VALUE, Effect.Strobe::deltaNs),
                            duration("period", "how long the clocks stay moved, and then how long unmoved", SHORTEST_NS,
                                    Long.MAX_VALUE, Effect.Strobe::periodNs))),
            new EffectKind<>("leap-second", Effect.LeapSecond.class,
                    "{'type':'leap-second','month':'2026-12','change':'insert'}",
                    given -> new Effect.LeapSecond(given.month("month").atEndOfMonth(),
                            given.choice("change").equals(INSERT) ? 1 : -1),
                    List.of(month("month", "lastDay", "the month with the leap second at its end", "1972-01 to 2261-12",
                            effect -> YearMonth.from(effect.lastDay())),
                            choice("change", "whether a second is inserted or deleted", List.of(INSERT, DELETE),
                                    effect -> effect.change() > 0 ? INSERT : DELETE))));

    /** The component that stands for an effect as a whole. */
    private static final String TYPE = "type";

    /** The kind with a name. */
    public static Optional<EffectKind<?>> named(String name) {
        return ALL.stream().<EffectKind<?>>map(kind -> kind).filter(kind -> kind.name.equals(name)).findFirst();
    }

    /** The kind of an effect. */
    public static EffectKind<?> of(Effect effect) {
        return ALL.stream().<EffectKind<?>>map(kind -> kind).filter(kind -> kind.effect.isInstance(effect)).findFirst()
                .orElseThrow(() -> new IllegalStateException("no kind of effects has " + effect));
    }

    /** The names of all kinds. */
    public static List<String> names() {
        return ALL.stream().map(EffectKind::name).toList();
    }

    /**
     * An effect of this kind.
     *
     * @param values of its members by their names, of the types that {@link Member.Type} tells
     * @throws InvalidComponentException if a value is out of its range, with the name of the member
     */
    public E create(Map<String, Object> values) {
        try {
            return constructor.apply(new Given(values));
        } catch (InvalidComponentException e) {
            throw new InvalidComponentException(member(e), e.detail());
        }
    }

    /** The name of the member that becomes a component of an effect; {@code type} if no single member does. */
    public String member(InvalidComponentException error) {
        return members.stream().filter(member -> member.component().equals(error.component())).findFirst()
                .map(Member::name).orElse(TYPE);
    }

    /** The name of the member that decides how far an effect goes; {@code type} for a kind without one. */
    public String decisive() {
        return members.isEmpty() ? TYPE : members.getFirst().name();
    }

    /** The members of an effect in JSON, durations as texts and as nanoseconds. */
    public static Map<String, Object> json(Effect effect) {
        return of(effect).jsonOf(effect);
    }

    private Map<String, Object> jsonOf(Effect any) {
        Map<String, Object> json = new LinkedHashMap<>();
        E own = effect.cast(any);
        members.forEach(member -> member.writeTo(json, own));
        return json;
    }

    /** An effect in words: {@code step, offset -PT5M}. */
    public static String text(Effect effect) {
        return of(effect).textOf(effect);
    }

    private String textOf(Effect any) {
        E own = effect.cast(any);
        return name + members.stream().map(member -> ", " + member.name() + " " + member.text(own))
                .collect(Collectors.joining());
    }
}
