package io.clocktower.plan;

import static io.clocktower.plan.Steps.ALL;
import static io.clocktower.plan.Steps.MINUTE;
import static io.clocktower.plan.Steps.fault;
import static io.clocktower.plan.Steps.labelled;
import static io.clocktower.plan.Steps.named;
import static io.clocktower.plan.Steps.step;
import static java.time.Duration.ZERO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.Effect;
import io.clocktower.plan.Schedule.Item;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {

    private static final Target PAYMENTS = labelled("team=payments");

    /** All of team payments; every other one is of tier 1. */
    private static Map<String, Map<String, String>> devices(int count) {
        Map<String, Map<String, String>> devices = new TreeMap<>(Comparator.reverseOrder());
        IntStream.range(0, count).forEach(i -> devices.put("vm%03d".formatted(i),
                i % 2 == 0 ? Map.of("team", "payments") : Map.of("team", "payments", "tier", "1")));
        return devices;
    }

    private static Plan plan(long seed, Step... steps) {
        return new Plan("", seed, List.of(steps));
    }

    private static List<String> names(Schedule schedule) {
        return schedule.items().stream().map(Item::device).toList();
    }

    private static Plan drawn(long seed) {
        var jitter = new Effect.Jitter(1_000, 1_000_000, 0);
        return plan(seed, step(MINUTE, MINUTE, PAYMENTS, new Share.Count(10)),
                new Step(ZERO, MINUTE, PAYMENTS, new Share.Percent(50), fault(jitter), true));
    }

    @Test
    void theSameSeedOverTheSameDevicesMakesTheSameSchedule() throws Exception {
        assertEquals(Schedule.of(drawn(42), devices(40)), Schedule.of(drawn(42), devices(40)));
    }

    /** What has been run once is to be repeatable by later versions too. */
    @Test
    void aScheduleStaysAsItIs() throws Exception {
        var schedule = Schedule.of(plan(42, step(ZERO, Duration.ofSeconds(10), PAYMENTS, new Share.Count(3))),
                devices(10));

        assertEquals(List.of("vm002 4421377916", "vm003 4524399762", "vm005 7047411679"),
                schedule.items().stream().map(item -> item.device() + " " + item.atNs()).toList());
    }

    @Test
    void theOrderOfTheDevicesDoesNotMatter() throws Exception {
        Map<String, Map<String, String>> others = new LinkedHashMap<>();
        devices(40).entrySet().stream().sorted(Comparator.comparing(device -> device.getKey().hashCode()))
                .forEach(device -> others.put(device.getKey(), device.getValue()));

        assertEquals(Schedule.of(drawn(42), devices(40)), Schedule.of(drawn(42), others));
        assertEquals(Schedule.of(drawn(42), devices(40)), Schedule.of(drawn(42), new TreeMap<>(others)));
    }

    @Test
    void anotherSeedMakesAnotherSchedule() throws Exception {
        Set<List<Item>> schedules = new HashSet<>();
        for (long seed : LongStream.concat(LongStream.range(-500, 500), LongStream.of(Long.MIN_VALUE, 1L << 48))
                .toArray()) {
            schedules.add(Schedule.of(drawn(seed), devices(40)).items());
        }

        assertEquals(1_002, schedules.size());
    }

    /** Each of 10 devices is one of 3 that are chosen in 3 of 10 cases, and no other place is better than another. */
    @Test
    void everyDeviceIsAsLikelyToBeChosen() throws Exception {
        int[] chosen = new int[10];
        for (int seed = 0; seed < 10_000; seed++) {
            for (String name : names(
                    Schedule.of(plan(seed, step(ZERO, ZERO, PAYMENTS, new Share.Count(3))), devices(10)))) {
                chosen[Integer.parseInt(name.substring(2))]++;
            }
        }

        for (int count : chosen) {
            assertTrue(Math.abs(count - 3_000) < 250, "chosen " + count + " times");
        }
    }

    @Test
    void noDeviceIsChosenTwiceForAStep() throws Exception {
        for (int count = 1; count <= 20; count++) {
            var names = names(
                    Schedule.of(plan(7, step(ZERO, ZERO, PAYMENTS, new Share.Count(count))), devices(20)));

            assertEquals(count, new HashSet<>(names).size());
            assertEquals(names.stream().sorted().toList(), names);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 3, 1", "33, 3, 1", "34, 3, 2", "50, 3, 2", "50, 4, 2", "51, 4, 3", "99, 100, 99",
            "100, 3, 3", "100, 1, 1"})
    void percentIsRoundedUp(int percent, int matching, int expected) throws Exception {
        assertEquals(expected, Schedule.of(plan(1, step(ZERO, ZERO, PAYMENTS, new Share.Percent(percent))),
                devices(matching)).items().size());
    }

    @Test
    void allLabelsMustMatch() throws Exception {
        assertEquals(List.of("vm001", "vm003"), names(
                Schedule.of(plan(1, step(ZERO, ZERO, labelled("team=payments", "tier=1"), ALL)), devices(4))));
        assertEquals(List.of("vm000", "vm002"),
                names(Schedule.of(plan(1, step(ZERO, ZERO, named("vm002", "vm000"), ALL)), devices(4))));
    }

    @Test
    void itemsAreInTheOrderOfTimeThenStepThenName() throws Exception {
        var schedule = Schedule.of(plan(1, step(MINUTE, ZERO, PAYMENTS, ALL), step(ZERO, ZERO, named("vm001"), ALL),
                step(ZERO, ZERO, PAYMENTS, ALL)), devices(2));

        assertEquals(List.of("1 vm001", "2 vm000", "2 vm001", "0 vm000", "0 vm001"),
                schedule.items().stream().map(item -> item.step() + " " + item.device()).toList());
    }

    @Test
    void delaysAreDrawnForEachDeviceUpToTheJitter() throws Exception {
        var delays = Schedule.of(plan(1, step(MINUTE, MINUTE, PAYMENTS, ALL)), devices(1_000)).items().stream()
                .mapToLong(Item::atNs).map(atNs -> atNs - MINUTE.toNanos()).summaryStatistics();

        assertTrue(delays.getMin() >= 0 && delays.getMin() < MINUTE.toNanos() / 100, delays::toString);
        assertTrue(delays.getMax() <= MINUTE.toNanos() && delays.getMax() > MINUTE.toNanos() / 100 * 99,
                delays::toString);
    }

    /** What one step draws does not depend on how much another does. */
    @Test
    void aStepDrawsTheSameWhateverTheOthersAre() throws Exception {
        var last = step(MINUTE, MINUTE, PAYMENTS, new Share.Count(5));
        var one = Schedule.of(plan(3, step(ZERO, ZERO, PAYMENTS, new Share.Count(1)), last), devices(20));
        var many = Schedule.of(plan(3, step(ZERO, MINUTE, PAYMENTS, ALL), last), devices(20));

        assertEquals(one.items().stream().filter(item -> item.step() == 1).toList(),
                many.items().stream().filter(item -> item.step() == 1).toList());
    }

    @Test
    void aSeedThatIsDrawnIsAnotherOneForEachDeviceAndSmallEnoughForAnyReader() throws Exception {
        var items = Schedule.of(drawn(1), devices(40)).items().stream().filter(item -> item.step() == 1).toList();
        var seeds = items.stream().map(item -> ((Effect.Jitter) item.fault().effect()).seed()).toList();

        assertEquals(20, new HashSet<>(seeds).size());
        assertTrue(seeds.stream().allMatch(seed -> seed >= 0 && seed < 1L << 53));
    }

    @Test
    void aSeedThatIsGivenIsKept() throws Exception {
        var given = fault(new Effect.Jitter(1_000, 1_000_000, 9));
        var items = Schedule.of(plan(1, step(ZERO, PAYMENTS, given)), devices(3)).items();

        assertTrue(items.stream().allMatch(item -> item.fault().equals(given)));
        assertNotEquals(given, Schedule.of(plan(1, new Step(ZERO, ZERO, PAYMENTS, ALL, given, true)), devices(1))
                .items().getFirst().fault());
    }

    @Test
    void whatCannotBeIsRefusedByTheFieldToBlame() {
        assertRefused("steps[1].label: no device has it", plan(1, step(ZERO, ZERO, PAYMENTS, ALL),
                step(ZERO, ZERO, labelled("team=none"), ALL)));
        assertRefused("steps[0].label: no device has all of them",
                plan(1, step(ZERO, ZERO, labelled("tier=1", "tier=2"), ALL)));
        assertRefused("steps[0].devices: no such device: vm9",
                plan(1, step(ZERO, ZERO, named("vm000", "vm9"), ALL)));
        assertRefused("steps[0].count: 5, expected at most 4, the number of devices that match",
                plan(1, step(ZERO, ZERO, PAYMENTS, new Share.Count(5))));
    }

    private static void assertRefused(String message, Plan plan) {
        var refusal = assertThrows(PlanException.class, () -> Schedule.of(plan, devices(4)));

        assertEquals(message, refusal.getMessage());
        assertEquals(PlanException.Reason.IMPOSSIBLE, refusal.reason());
    }

    @Test
    void thereAreAtMostTenThousandItems() throws Exception {
        Step[] steps = IntStream.range(0, 11).mapToObj(_ -> step(ZERO, ZERO, PAYMENTS, ALL)).toArray(Step[]::new);

        assertEquals(10_000, Schedule.of(plan(1, Arrays.copyOf(steps, 10)), devices(1_000)).items().size());
        assertTrue(assertThrows(PlanException.class, () -> Schedule.of(plan(1, steps), devices(1_000))).getMessage()
                .startsWith("steps: "));
    }

    @Test
    void timesAndSharesHaveBounds() {
        Duration days = Step.MAX_AT;
        assertEquals(days, step(days, days, PAYMENTS, ALL).at());
        for (Duration bad : List.of(Duration.ofNanos(-1), days.plusNanos(1), Duration.ofSeconds(Long.MAX_VALUE))) {
            assertRefused("at: ", () -> step(bad, ZERO, PAYMENTS, ALL));
            assertRefused("jitter: ", () -> step(ZERO, bad, PAYMENTS, ALL));
        }
        assertRefused("count: 0, ", () -> new Share.Count(0));
        assertRefused("percent: 0, ", () -> new Share.Percent(0));
        assertRefused("percent: 101, ", () -> new Share.Percent(101));
        assertRefused("label: ", () -> labelled());
        assertRefused("devices: ", () -> named());
        assertRefused("devices: vm0 twice", () -> named("vm0", "vm0"));
        assertRefused("steps: 0, ", () -> plan(1));
        assertRefused("steps: 1001, ",
                () -> plan(1, IntStream.range(0, 1_001).mapToObj(_ -> step(ZERO, ZERO, PAYMENTS, ALL))
                        .toArray(Step[]::new)));
    }

    private static void assertRefused(String message, Runnable made) {
        String refusal = assertThrows(IllegalArgumentException.class, made::run).getMessage();

        assertTrue(refusal.startsWith(message), refusal);
    }
}
