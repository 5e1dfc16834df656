package io.clocktower.plan;

import io.clocktower.clock.Draw;
import io.clocktower.fault.FaultRequest;
import io.clocktower.spec.Texts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Which device gets which fault, and when.
 *
 * @param items in the order of their times; with equal times, of their steps, then of the devices' names
 */
public record Schedule(List<Item> items) {

    public static final int MAX_ITEMS = 10_000;

    private static final Comparator<Item> ORDER = Comparator.comparingLong(Item::atNs).thenComparingInt(Item::step)
            .thenComparing(Item::device);
    /** JSON readers that use floating-point numbers represent seeds below this exactly. */
    private static final long MAX_SEED = 1L << 53;

    /** What is drawn for a step: each kind has its own seed, so that no draw depends on another. */
    private enum Drawn {
        CHOICE, DELAY, SEED;

        private long seed(Plan plan, int step) {
            return Draw.bits(Draw.bits(plan.seed(), step), ordinal());
        }
    }

    /**
     * One fault for one device.
     *
     * @param step the index of its step in the plan
     * @param atNs from the plan's start
     */
    public record Item(int step, String device, long atNs, FaultRequest fault) {}

    public Schedule {
        items = List.copyOf(items);
    }

    /**
     * The schedule of a plan: a pure function of its arguments; the order of the map does not matter.
     *
     * @param devices the labels of the present devices, by name
     * @throws PlanException if a step matches no device, or fewer than it asks for, or if there are too many items
     */
    public static Schedule of(Plan plan, Map<String, Map<String, String>> devices) throws PlanException {
        SortedMap<String, Map<String, String>> sorted = new TreeMap<>(devices);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < plan.steps().size(); i++) {
            Step step = plan.steps().get(i);
            List<String> matching = matching(path(i), step.target(), sorted);
            for (int place : chosen(plan, i, matching.size())) {
                items.add(item(plan, i, matching.get(place), place));
            }
            if (items.size() > MAX_ITEMS) {
                throw PlanException.impossible("steps", "more than %d faults over all devices; the maximum is %<d"
                        .formatted(MAX_ITEMS));
            }
        }
        items.sort(ORDER);
        return new Schedule(items);
    }

    static String path(int step) {
        return "steps[" + step + "].";
    }

    private static List<String> matching(String path, Target target, SortedMap<String, Map<String, String>> devices)
            throws PlanException {
        List<String> matching = switch (target) {
            case Target.Labels(var selector) -> devices.entrySet().stream()
                    .filter(device -> selector.matches(device.getValue())).map(Map.Entry::getKey).toList();
            case Target.Names(var names) -> names.stream().sorted().toList();
        };
        for (String name : matching) {
            if (!devices.containsKey(name)) {
                throw PlanException.impossible(path + target.component(),
                        "no such device: " + Texts.shown(name));
            }
        }
        if (matching.isEmpty()) {
            throw PlanException.impossible(path + target.component(), "no device has "
                    + (target instanceof Target.Labels(var selector) && selector.labels().size() > 1
                            ? "all of them"
                            : "it"));
        }
        return matching;
    }

    /** The indexes, among the devices that match, of those that a step is for: drawn one after another. */
    private static List<Integer> chosen(Plan plan, int step, int matching) throws PlanException {
        int count = plan.steps().get(step).share().of(matching);
        if (count > matching) {
            throw PlanException.impossible(path(step) + "count",
                    "%d, expected at most %d, the number of devices that match"
                            .formatted(count, matching));
        }
        List<Integer> left = new ArrayList<>(IntStream.range(0, matching).boxed().toList());
        if (count == matching) {
            return left;
        }
        long seed = Drawn.CHOICE.seed(plan, step);
        return IntStream.range(0, count)
                .mapToObj(i -> left.remove((int) Draw.below(left.size(), seed, i))).toList();
    }

    private static Item item(Plan plan, int index, String device, int place) {
        Step step = plan.steps().get(index);
        long delayNs = Draw.below(step.jitter().toNanos() + 1, Drawn.DELAY.seed(plan, index), place);
        FaultRequest fault = step.fault();
        if (step.isSeedDrawn()) {
            long seed = Draw.below(MAX_SEED, Drawn.SEED.seed(plan, index), place);
            fault = new FaultRequest(fault.clock(), fault.effect().withSeed(seed), fault.start(), fault.duration(),
                    fault.author(), fault.onBehalfOf(), fault.reason());
        }
        return new Item(index, device, step.at().toNanos() + delayNs, fault);
    }
}
