package io.clocktower.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.LongSupplier;

/**
 * What a guest read of a clock, between two readings of the host's own; all in nanoseconds.
 *
 * @param before the host's, before the guest was asked
 * @param after the host's, after the guest had answered
 */
record HostReading(long before, long guest, long after) {

    /** Since 2017, and until a leap second is announced. */
    static final long TAI_LESS_UTC_NS = Duration.ofSeconds(37).toNanos();

    /** How often a reading is repeated for one that is not disturbed. */
    private static final int TRIES = 20;
    private static final long UPTIME_RESOLUTION_NS = 10_000_000;

    /** The reading, of several, that the host's readings bound most narrowly. */
    static HostReading narrowest(LongSupplier host, LongSupplier guest) {
        HostReading narrowest = null;
        for (int i = 0; i < TRIES; i++) {
            var reading = new HostReading(host.getAsLong(), guest.getAsLong(), host.getAsLong());
            if (narrowest == null || reading.durationNs() < narrowest.durationNs()) {
                narrowest = reading;
            }
        }
        return narrowest;
    }

    /** What a guest reads of UTC, once. */
    static HostReading utc(GuestVm vm) {
        int number = vm.number(PtpClock.UTC);
        return new HostReading(realtimeNs(), Long.parseLong(vm.ask("read " + number)), realtimeNs());
    }

    static long realtimeNs() {
        return ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
    }

    static long taiNs() {
        return realtimeNs() + TAI_LESS_UTC_NS;
    }

    /** Time since boot, less up to {@link #uptimeErrorNs}. */
    static long boottimeNs() {
        try {
            var seconds = Files.readString(Path.of("/proc/uptime")).split(" ")[0];
            return Math.multiplyExact(Long.parseLong(seconds.replace(".", "")), UPTIME_RESOLUTION_NS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How much of the time since boot {@link #boottimeNs} leaves out, at most. */
    static long uptimeErrorNs() {
        return UPTIME_RESOLUTION_NS;
    }

    long durationNs() {
        return after - before;
    }

    /** How far what the guest read is outside of what the host's clock showed meanwhile. */
    long errorNs() {
        return Math.max(0, Math.max(before - guest, guest - after));
    }
}
