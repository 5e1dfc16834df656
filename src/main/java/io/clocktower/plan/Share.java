package io.clocktower.plan;

import io.clocktower.clock.InvalidComponentException;

/** How many of the matching devices a step is for. Constructors reject values as those of {@link Step} do. */
public sealed interface Share {

    /** The number of devices, of those that match. */
    int of(int matching);

    /** All that match. */
    record All() implements Share {

        @Override
        public int of(int matching) {
            return matching;
        }
    }

    /**
     * A number of devices.
     *
     * @param count 1 or more
     */
    record Count(int count) implements Share {

        public Count {
            if (count < 1) {
                throw new InvalidComponentException("count", "%d, expected 1 or more".formatted(count));
            }
        }

        @Override
        public int of(int matching) {
            return count;
        }
    }

    /**
     * A percentage, rounded up: of three devices 50 % are two, and 1 % is one.
     *
     * @param percent 1 to 100
     */
    record Percent(int percent) implements Share {

        public Percent {
            if (percent < 1 || percent > 100) {
                throw new InvalidComponentException("percent", "%d, expected 1 to 100".formatted(percent));
            }
        }

        @Override
        public int of(int matching) {
            return Math.ceilDiv(matching * percent, 100);
        }
    }
}
