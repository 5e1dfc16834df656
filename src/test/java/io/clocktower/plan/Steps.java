package io.clocktower.plan;

import io.clocktower.clock.Effect;
import io.clocktower.fault.FaultRequest;
import io.clocktower.spec.LabelSelector;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Steps for tests. */
final class Steps {

    static final Duration MINUTE = Duration.ofMinutes(1);
    static final Share ALL = new Share.All();

    private Steps() {}

    static FaultRequest fault(Effect effect) {
        return new FaultRequest(Optional.empty(), effect, Optional.empty(), Optional.of(MINUTE), "alice", "");
    }

    static FaultRequest offset(Duration offset) {
        return fault(new Effect.Step(offset.toNanos()));
    }

    static Target labelled(String... labels) {
        return new Target.Labels(new LabelSelector(Arrays.stream(labels).map(label -> label.split("=", 2))
                .map(label -> Map.entry(label[0], label[1])).toList()));
    }

    static Target named(String... names) {
        return new Target.Names(List.of(names));
    }

    static Step step(Duration at, Duration jitter, Target target, Share share) {
        return new Step(at, jitter, target, share, offset(MINUTE), false);
    }

    static Step step(Duration at, Target target, FaultRequest fault) {
        return new Step(at, Duration.ZERO, target, ALL, fault, false);
    }
}
