package io.clocktower.plan;

/** How many of the devices that match a step is for. Constructors refuse as those of {@link Step} do. */
public sealed interface Share {

    /** How many of so many. */
    int of(int matching);

    /** All of them. */
    record All() implements Share {

        @Override
        public int of(int matching) {
            return matching;
        }
    }

    /**
     * So many.
     *
     * @param count 1 or more
     */
    record Count(int count) implements Share {

        public Count {
            if (count < 1) {
                throw new IllegalArgumentException("count: %d, expected 1 or more".formatted(count));
            }
        }

        @Override
        public int of(int matching) {
            return count;
        }
    }

    /**
     * So many of a hundred, rounded up: of three devices 50 % are two, and 1 % is one.
     *
     * @param percent 1 to 100
     */
    record Percent(int percent) implements Share {

        public Percent {
            if (percent < 1 || percent > 100) {
                throw new IllegalArgumentException("percent: %d, expected 1 to 100".formatted(percent));
            }
        }

        @Override
        public int of(int matching) {
            return Math.ceilDiv(matching * percent, 100);
        }
    }
}
