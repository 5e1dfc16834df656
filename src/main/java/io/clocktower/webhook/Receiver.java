package io.clocktower.webhook;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Whoever is told of events. */
interface Receiver {

    /**
     * Its answer to a call.
     *
     * @param retryAfter when it wants to be called again, if it says so
     */
    record Answer(int status, Optional<Duration> retryAfter) {

        boolean isAccepted() {
            return status >= 200 && status < 300;
        }

        /** Whether the same call may be accepted later. */
        boolean isToBeRepeated() {
            return status >= 500 || status == 429 || status == 408;
        }
    }

    /**
     * Tells it of an event, and waits for its answer.
     *
     * @throws IOException if there is none in time
     */
    Answer tell(Delivery delivery) throws IOException, InterruptedException;
}
