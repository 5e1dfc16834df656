package io.clocktower.host;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.HostTai;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.linux.ClockDiscipline;
import io.clocktower.linux.SystemClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The time of the host that all devices' time is made of, at one time.
 *
 * @param realtimeNs the host's wall clock, since 1970-01-01 00:00 UTC
 * @param taiOffsetSeconds TAI less the wall clock, as the devices have it
 * @param kernelTaiOffsetSeconds the kernel's, if it was ever set
 * @param discipline how well the wall clock is kept, where the kernel may be asked
 * @param clocksource the kernel's name for the hardware that it counts time with, where it is readable
 */
public record HostStatus(long realtimeNs, long taiOffsetSeconds, OptionalLong kernelTaiOffsetSeconds,
        Optional<Discipline> discipline, Optional<String> clocksource, LeapSeconds leapSeconds) {

    private static final Path CLOCKSOURCE = Path
            .of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    private static final long NS_A_SECOND = 1_000_000_000;

    /** What the kernel does about a leap second at the end of the day, in the order of its numbers. */
    public enum LeapState {
        /** There is none. */
        NONE,
        /** One is inserted at the end of the day. */
        INSERT,
        /** The last second of the day is left out. */
        DELETE,
        /** The inserted second is passing. */
        IN_PROGRESS,
        /** It has passed, and the kernel was not told since that no other one follows. */
        HAS_PASSED;

        private static LeapState of(int state) {
            return state < values().length ? values()[state] : NONE;
        }
    }

    /**
     * @param isSynchronized whether the clock is synchronized, by NTP for example
     * @param maxErrorNs how far the clock is off at most
     * @param estimatedErrorNs how far it is probably off
     */
    public record Discipline(LeapState leapState, boolean isSynchronized, long maxErrorNs, long estimatedErrorNs) {

        private static Discipline of(ClockDiscipline discipline) {
            return new Discipline(LeapState.of(discipline.state()), discipline.isSynchronized(),
                    discipline.maxErrorNs(), discipline.estimatedErrorNs());
        }
    }

    public static HostStatus of(HostClock host, LeapSeconds leapSeconds) {
        long clockTaiNs = SystemClock.TAI.readNs();
        OptionalLong kernelSeconds = HostTai.kernelOffsetSeconds(clockTaiNs, SystemClock.REALTIME.readNs());
        // TAI first, and so never more than a moment too little: the nearest second is the offset.
        long taiNs = host.taiNs();
        long realtimeNs = host.realtimeNs();
        return new HostStatus(realtimeNs, Math.floorDiv(taiNs - realtimeNs + NS_A_SECOND / 2, NS_A_SECOND),
                kernelSeconds, ClockDiscipline.read().map(Discipline::of), readClocksource(), leapSeconds);
    }

    /**
     * Whether the kernel's TAI offset is not that of the leap second table, so one of them is wrong. Devices serve the
     * table's.
     */
    public boolean hasOtherTaiOffset() {
        return kernelTaiOffsetSeconds.isPresent() && kernelTaiOffsetSeconds.getAsLong() != taiOffsetSeconds;
    }

    private static Optional<String> readClocksource() {
        try {
            return Optional.of(Files.readString(CLOCKSOURCE).trim());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
