package io.clocktower.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.CounterMapping;
import io.clocktower.clock.Smearing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a device that is asked for, and each rule at its bounds. */
class DeviceDraftTest {

    private static final Path RUN = Path.of("/run/x");
    private static final DeviceDraft.Clock TAI = new DeviceDraft.Clock(ClockType.TAI, Optional.empty(), false);
    private static final String ENDS = ", with a letter or digit at both ends";
    private static final String NAME = ", expected 1 to 63 letters, digits, '.', '_' and '-'" + ENDS;
    private static final String VALUE = ", expected at most 63 letters, digits, '.', '_' and '-'" + ENDS;
    private static final String KEY = "expected a name of 1 to 63 letters, digits, '.', '_' and '-'" + ENDS
            + ", optionally after a domain and '/'";

    @Test
    void whatIsNotSaidGoesWithoutSaying() {
        assertEquals(new DeviceSpec("vm0", Path.of("/run/x/vm0.sock"), ClockSpec.DEFAULTS, Optional.empty(),
                DeviceSpec.POLL_WINDOW, Map.of()), DeviceDraft.named("vm0").toSpec(RUN));
    }

    @Test
    void whatIsSaidIsSo() {
        var draft = new DeviceDraft("a.b", Optional.of(Path.of("/tmp/../tmp/s")), Optional.of(List.of(
                new DeviceDraft.Clock(ClockType.UTC_SMEARED, Optional.empty(), true), TAI,
                new DeviceDraft.Clock(ClockType.UTC_SMEARED, Optional.of(Smearing.UTC_SLS), false))),
                Optional.of(new DeviceDraft.Counter(-1, "18446744073709551615", 63)),
                Optional.of(Duration.ofNanos(800)), Map.of("team", "payments"));

        assertEquals(new DeviceSpec("a.b", Path.of("/tmp/s"), List.of(
                new ClockSpec(ClockType.UTC_SMEARED, Smearing.NOON_LINEAR, true),
                new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, false),
                new ClockSpec(ClockType.UTC_SMEARED, Smearing.UTC_SLS, false)),
                Optional.of(new CounterMapping(-1, -1, 63)), Duration.ofNanos(800), Map.of("team", "payments")),
                draft.toSpec(RUN));
    }

    static Stream<DeviceDraft> sound() {
        return Stream.of(named("x"), named("9"), named("x".repeat(63)), named("a._-b"),
                socket("/" + "x".repeat(106)), clocks(0), clocks(64), pollWindow(Duration.ZERO),
                pollWindow(Duration.ofSeconds(1)), label("x".repeat(63), "y".repeat(63)), label("a", ""),
                label("example.com/team_A.b-c", "v1.2_3-x"),
                labels(IntStream.range(0, 64).boxed().collect(Collectors.toMap(i -> "l" + i, _ -> "v"))));
    }

    @ParameterizedTest
    @MethodSource("sound")
    void bounds(DeviceDraft draft) {
        assertEquals(draft.name(), draft.toSpec(RUN).name());
    }

    static Stream<Arguments> faults() {
        String umlauts = "/" + "é".repeat(54);
        return Stream.of(Arguments.of(named(""), "name", "\"\"" + NAME),
                Arguments.of(named("../a"), "name", "\"../a\"" + NAME),
                Arguments.of(named("a/b"), "name", "\"a/b\"" + NAME),
                Arguments.of(named("a-"), "name", "\"a-\"" + NAME),
                Arguments.of(named("a\n"), "name", "\"a\\u000a\"" + NAME),
                Arguments.of(named("a\0\u001b\u2028\u202e\ud800"), "name",
                        "\"a\\u0000\\u001b\\u2028\\u202e\\ud800\"" + NAME),
                Arguments.of(named("x".repeat(64)), "name", "\"" + "x".repeat(64) + "\"" + NAME),
                Arguments.of(named("x".repeat(100_000)), "name", "\"" + "x".repeat(80) + "…\"" + NAME),
                Arguments.of(socket(umlauts), "socket", umlauts + " has 109 bytes, expected at most 107"),
                Arguments.of(socket("a.sock"), "socket", "\"a.sock\", expected an absolute path"),
                Arguments.of(clocks(65), "clocks", "65 clocks, expected at most 64"),
                Arguments.of(pollWindow(Duration.ofNanos(-1)), "pollWindow", "-1ns, expected 0s to 1s"),
                Arguments.of(pollWindow(Duration.ofSeconds(1, 1)), "pollWindow", "1s1ns, expected 0s to 1s"),
                Arguments.of(pollWindow(Duration.ofSeconds(Long.MAX_VALUE)), "pollWindow",
                        "106751991167300d15h30m7s, expected 0s to 1s"),
                Arguments.of(counter("0", 0), "counter.ratio", "0, expected 1 or more"),
                Arguments.of(counter("-1", 0), "counter.ratio", "-1, expected an unsigned 64-bit number"),
                Arguments.of(counter("18446744073709551616", 0), "counter.ratio",
                        "18446744073709551616, expected an unsigned 64-bit number"),
                Arguments.of(counter("1", 64), "counter.fractionBits", "64, expected 0 to 63"),
                Arguments.of(counter("1", -1), "counter.fractionBits", "-1, expected 0 to 63"),
                Arguments.of(label("", "v"), "labels.", KEY), Arguments.of(label("a b", "v"), "labels.a b", KEY),
                Arguments.of(label("/a", "v"), "labels./a", KEY), Arguments.of(label("a/", "v"), "labels.a/", KEY),
                Arguments.of(label("a/b/c", "v"), "labels.a/b/c", KEY),
                Arguments.of(label("x".repeat(64), "v"), "labels." + "x".repeat(64), KEY),
                Arguments.of(label("team", "y".repeat(64)), "labels.team", "\"" + "y".repeat(64) + "\"" + VALUE),
                Arguments.of(label("team", "a b"), "labels.team", "\"a b\"" + VALUE),
                Arguments.of(label("team", "a\"\n}"), "labels.team", "\"a\"\\u000a}\"" + VALUE),
                Arguments.of(labels(IntStream.range(0, 65).boxed().collect(Collectors.toMap(i -> "l" + i, _ -> ""))),
                        "labels", "65 labels, expected at most 64"));
    }

    @ParameterizedTest(name = "{1}: {2}")
    @MethodSource("faults")
    void aFaultNamesItsFieldAndValue(DeviceDraft draft, String field, String detail) {
        var refusal = assertThrows(InvalidDeviceException.class, () -> draft.toSpec(RUN));

        assertEquals(List.of(new FieldError(field, detail)), refusal.faults());
        assertEquals(field + ": " + detail, refusal.getMessage());
    }

    @Test
    void allFaultsAreToldAtOnce() {
        var smeared = new DeviceDraft.Clock(ClockType.TAI, Optional.of(Smearing.UTC_SLS), false);
        var draft = new DeviceDraft("..", Optional.empty(), Optional.of(List.of(TAI, smeared, smeared)),
                Optional.of(new DeviceDraft.Counter(0, "x", 0)), Optional.of(Duration.ofDays(1)),
                Map.of("-", "-", "b", " "));

        var refusal = assertThrows(InvalidDeviceException.class, () -> draft.toSpec(RUN));

        assertEquals(List.of("clocks[1].smearing", "clocks[2].smearing", "counter.ratio", "name", "pollWindow",
                "labels.-", "labels.-", "labels.b"), refusal.faults().stream().map(FieldError::field).toList());
    }

    @Test
    void noSpecificationBreaksARule() {
        assertThrows(InvalidDeviceException.class, () -> new DeviceSpec("../a", Path.of("/x"), ClockSpec.DEFAULTS,
                Optional.empty(), Duration.ZERO, Map.of()));
        assertThrows(InvalidDeviceException.class, () -> new DeviceSpec("a", Path.of("x"), ClockSpec.DEFAULTS,
                Optional.empty(), Duration.ZERO, Map.of()));
    }

    private static DeviceDraft named(String name) {
        return DeviceDraft.named(name);
    }

    private static DeviceDraft socket(String path) {
        return with(Optional.of(Path.of(path)), Optional.empty(), Optional.empty(), Optional.empty(), Map.of());
    }

    private static DeviceDraft clocks(int number) {
        return with(Optional.empty(), Optional.of(Collections.nCopies(number, TAI)), Optional.empty(),
                Optional.empty(), Map.of());
    }

    private static DeviceDraft counter(String ratio, int fractionBits) {
        return with(Optional.empty(), Optional.empty(),
                Optional.of(new DeviceDraft.Counter(0, ratio, fractionBits)), Optional.empty(), Map.of());
    }

    private static DeviceDraft pollWindow(Duration window) {
        return with(Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(window), Map.of());
    }

    private static DeviceDraft label(String key, String value) {
        return labels(Map.of(key, value));
    }

    private static DeviceDraft labels(Map<String, String> labels) {
        return with(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), labels);
    }

    private static DeviceDraft with(Optional<Path> socket, Optional<List<DeviceDraft.Clock>> clocks,
            Optional<DeviceDraft.Counter> counter, Optional<Duration> pollWindow, Map<String, String> labels) {
        return new DeviceDraft("vm0", socket, clocks, counter, pollWindow, labels);
    }
}
