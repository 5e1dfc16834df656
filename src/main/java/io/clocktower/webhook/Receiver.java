package io.clocktower.webhook;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** A receiver of events. */
interface Receiver {

    /**
     * Its answer to a call.
     *
     * @param retryAfter how long to wait before the next attempt, if the receiver says so
     */
    record Answer(int status, Optional<Duration> retryAfter) {

        boolean isAccepted() {
            return status >= 200 && status < 300;
        }

        /** Whether to repeat the call later. */
        boolean isRetryable() {
            return status >= 500 || status == 429 || status == 408;
        }
    }

    /**
     * Sends an event, and waits for the answer.
     *
     * @throws IOException if no answer comes in time
     */
    Answer send(Delivery delivery) throws IOException, InterruptedException;
}
