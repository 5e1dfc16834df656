package io.clocktower.api;

import io.clocktower.clock.Words;
import io.clocktower.status.DeviceStatus;
import io.clocktower.status.DeviceStatus.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Why a change of a device's time may have no effect that anybody sees. */
final class Warnings {

    static final String DESCRIPTION = "In the answer to a change: why its effect may not be seen. No VM is connected, the guest's"
            + " driver does not run, or the guest has not read the clocks for a minute";

    private Warnings() {}

    /**
     * @param clocks the ids of the clocks that the change is for
     */
    static List<String> of(DeviceStatus device, List<Integer> clocks) {
        return obstacle(device).or(() -> unread(device, clocks)).stream().toList();
    }

    /** What keeps the guest from reading any clock, and from an alarm. */
    static Optional<String> obstacle(DeviceStatus device) {
        if (device.frontEnd().isEmpty()) {
            return Optional.of("No VM is connected to device %s.".formatted(device.name()));
        }
        return device.obstacle().map(obstacle -> switch (obstacle) {
            case REQUESTQ_NOT_STARTED ->
                "A VM is connected, but its driver has not started the requestq: does the guest's"
                        + " kernel have virtio_rtc?";
            case REQUESTQ_BROKEN -> "The guest's driver broke the requestq, and reads no clock until it is reset.";
            case RINGS_STOPPED ->
                "The rings are stopped: the VM is paused or suspended, or its driver was unloaded. The guest"
                        + " reads no clock and gets no alarm until they run again.";
        });
    }

    /** Whether a guest may ignore the notification of an alarm that an operator expired. */
    static Optional<String> notDue(DeviceStatus device, int clockId) {
        return device.clocks().get(clockId).alarm().filter(alarm -> !alarm.isReached())
                .map(_ -> "The alarm is not due by the guest's own clock: Linux ignores the notification. With step=true the"
                        + " clock is moved past the alarm.");
    }

    private static Optional<String> unread(DeviceStatus device, List<Integer> clocks) {
        List<Clock> affected = device.clocks().stream().filter(clock -> clocks.contains(clock.id())).toList();
        if (affected.isEmpty() || affected.stream().anyMatch(clock -> clock.readsLastMinute() > 0)) {
            return Optional.empty();
        }
        OptionalLong age = affected.stream().map(Clock::lastReadAgeNs).flatMapToLong(OptionalLong::stream).min();
        String last = age.isPresent()
                ? "for a minute; the last reading was " + Duration.ofNanos(age.getAsLong()).toSeconds() + " s ago"
                : "since the service started";
        return Optional.of("The guest has not read %s %s.".formatted(affected.size() == 1
                ? "clock %d (%s)".formatted(affected.getFirst().id(), Words.of(affected.getFirst().spec().type()))
                : "any of the clocks", last));
    }

    /** So that a view without warnings leaves them out. */
    static List<String> orNull(List<String> warnings) {
        return warnings.isEmpty() ? null : warnings;
    }
}
