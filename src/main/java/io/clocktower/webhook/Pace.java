package io.clocktower.webhook;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** The time of deliveries, as a test may have another one. */
interface Pace {

    /** Of a clock that never goes back. */
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
