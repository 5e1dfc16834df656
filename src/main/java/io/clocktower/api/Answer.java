package io.clocktower.api;

import io.clocktower.device.DeviceStatus;
import jakarta.ws.rs.ServiceUnavailableException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for what an event loop answers, but not for ever. */
final class Answer {

    private static final long DEADLINE_MS = 2_000;

    private Answer() {}

    static DeviceStatus await(CompletableFuture<DeviceStatus> status) {
        try {
            return status.get(DEADLINE_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new ServiceUnavailableException("The device's event loop did not answer within 2 s.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServiceUnavailableException("The service is stopping.");
        }
    }
}
