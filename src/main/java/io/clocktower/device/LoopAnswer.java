package io.clocktower.device;

import io.clocktower.spec.DeviceException;
import io.clocktower.spec.InvalidDeviceException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The wait for what an event loop answers, which has a deadline. */
final class LoopAnswer {

    static final Duration DEADLINE = Duration.ofSeconds(2);

    private LoopAnswer() {}

    /**
     * Waits for an answer.
     *
     * @param late is thrown if the loop does not answer before the deadline
     * @throws DeviceException also if the loop refused, failed, or has too many commands waiting
     */
    static <T> T await(CompletableFuture<T> answer, DeviceException late) throws DeviceException {
        try {
            return answer.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case DeviceException refused -> throw refused;
                case InvalidDeviceException invalid -> throw invalid;
                case RejectedExecutionException full ->
                    throw DeviceException.noAnswer(full.getMessage() + "; nothing was changed");
                default -> throw DeviceException.failed("the event loop failed: " + e.getCause(), e.getCause());
            }
        } catch (TimeoutException e) {
            throw late;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw late;
        }
    }

    /** For a question that changes nothing. */
    static DeviceException late(String device) {
        return DeviceException.noAnswer("device %s: its event loop did not answer within %d s; nothing was changed"
                .formatted(device, DEADLINE.toSeconds()));
    }
}
