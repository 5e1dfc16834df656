package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.Words;
import io.clocktower.fault.Faults;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import io.clocktower.status.DeviceStatus.Alarm;
import io.clocktower.status.DeviceStatus.Clock;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The alarm of a clock, as the API shows it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Alarm", description = "The alarm of a clock. The members trueDue, remaining and remainingNs are left out if the"
        + " alarm is not enabled, or if a fault keeps its clock from ever reaching the alarm's time.")
record AlarmView(@Schema(examples = "vm0") String device, int clock, @Schema(examples = "utc-smeared") String type,
        @Schema(description = "Whether the guest has enabled it") boolean enabled,
        @Schema(description = "Whether the guest is still to be notified: the alarm is enabled and not yet due, or it expired and the guest was not yet notified") boolean pending,
        @Schema(description = "What a pending alarm waits for: its time, a driver that has negotiated alarms, or a buffer in the alarmq", enumeration = {
                "time", "driver", "buffer"}) String waitingFor,
        @Schema(description = "When it is due on its clock, in the form in which that clock shows time") String due,
        @Schema(description = "The same, in nanoseconds") BigInteger dueNs,
        @Schema(description = "When it is due in true time, with the faults that its clock has now") Instant trueDue,
        @Schema(description = "Time until then; negative if it has passed", examples = "PT30S") String remaining,
        @Schema(description = "The same, in nanoseconds") Long remainingNs,
        @Schema(description = "How often it has expired") long expirations,
        @Schema(description = "How many of the expirations the guest has been notified of") long delivered,
        @Schema(description = "How often an operator has expired it; not counted in expirations") long forced,
        @Schema(description = "In the answer to a forced expiry: why the guest may not see it") List<String> warnings){

    /** By the true time at which they are due; those without one are last. */
    static final Comparator<AlarmView> BY_TRUE_DUE = Comparator
            .comparing(AlarmView::trueDue, Comparator.nullsLast(Comparator.naturalOrder()))
            .thenComparing(AlarmView::device).thenComparing(AlarmView::clock);

    /** The negotiated feature bit VIRTIO_RTC_F_ALARM. */
    private static final long F_ALARM = 1;

    static Stream<AlarmView> of(DeviceStatus device, Faults faults, HostInstant now) {
        return device.clocks().stream().flatMap(clock -> clock.alarm().stream()
                .map(alarm -> of(device, clock, alarm, alarm.isEnabled()
                        ? faults.nsUntil(clock.id(), alarm.timeNs(), now)
                        : OptionalLong.empty(), now)));
    }

    private static AlarmView of(DeviceStatus device, Clock clock, Alarm alarm, OptionalLong untilNs, HostInstant now) {
        ClockType type = clock.spec().type();
        boolean isPending = alarm.isWaiting() || alarm.isEnabled() && !alarm.isReached();
        Instant trueDue = null;
        String remaining = null;
        Long remainingNs = null;
        if (untilNs.isPresent()) {
            remainingNs = untilNs.getAsLong();
            trueDue = now.wallClock().plusNanos(remainingNs);
            remaining = Times.duration(BigInteger.valueOf(remainingNs));
        }
        return new AlarmView(device.name(), clock.id(), Words.of(type), alarm.isEnabled(), isPending,
                isPending ? waitingFor(device, alarm) : null, Times.reading(type, alarm.timeNs()),
                new BigInteger(Long.toUnsignedString(alarm.timeNs())), trueDue, remaining, remainingNs,
                alarm.expirations(), alarm.notifications(), alarm.forced(), null);
    }

    AlarmView with(List<String> others) {
        return new AlarmView(device, clock, type, enabled, pending, waitingFor, due, dueNs, trueDue, remaining,
                remainingNs, expirations, delivered, forced, Warnings.orNull(others));
    }

    private static String waitingFor(DeviceStatus device, Alarm alarm) {
        if (!alarm.isWaiting()) {
            return "time";
        }
        boolean hasDriver = device.state() == DeviceState.RUNNING
                && device.frontEnd().map(end -> (end.features() & F_ALARM) != 0).orElse(false);
        return hasDriver ? "buffer" : "driver";
    }
}
