package io.clocktower.webhook;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** The time of deliveries; a test may replace it. */
interface Pace {

    /** The reading of a monotonic clock. */
    long nowNs();

    void pause(Duration duration) throws InterruptedException;

    /** From 0 to 1, exclusive. */
    double random();

    Pace OF_THIS_HOST = new Pace() {

        @Override
        public long nowNs() {
            return System.nanoTime();
        }

        @Override
        public void pause(Duration duration) throws InterruptedException {
            Thread.sleep(duration);
        }

        @Override
        public double random() {
            return RandomGenerator.getDefault().nextDouble();
        }
    };
}
