package io.clocktower.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.api.HostView.LeapSecond;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.host.HostStatus;
import io.clocktower.host.HostStatus.Discipline;
import io.clocktower.host.HostStatus.LeapState;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class HostViewTest {

    private static final LeapSecond OF_2016 = new LeapSecond(LocalDate.parse("2016-12-31"), 1, 37);
    private static final LocalDate NEXT = LocalDate.parse("2027-06-30");

    @Test
    void errorsAreDurationsAndNanoseconds() {
        var discipline = new Discipline(LeapState.INSERT, true, 3_500_000, 20_000);
        HostView view = view("2026-11-22T12:00:00.000000001Z", Optional.of(discipline), LeapSeconds.builtIn());

        assertEquals(Instant.parse("2026-11-22T12:00:00.000000001Z"), view.now());
        assertTrue(view.isSynchronized());
        assertEquals("PT0.0035S", view.maxError());
        assertEquals(3_500_000, view.maxErrorNs());
        assertEquals("PT0.00002S", view.estimatedError());
        assertEquals(20_000, view.estimatedErrorNs());
        assertEquals("insert", view.leapState());
        assertEquals("PT1H", view.uptime());
    }

    @Test
    void itSaysWhyLoopsDoNotPoll() {
        var status = new HostStatus(0, 37, OptionalLong.empty(), Optional.empty(), Optional.empty(),
                LeapSeconds.builtIn());
        assertEquals(new HostView.Polling(false, "of a test"),
                HostView.of(status, Optional.of("of a test"), "0", Duration.ZERO).polling());
        assertEquals(new HostView.Polling(true, null),
                HostView.of(status, Optional.empty(), "0", Duration.ZERO).polling());
    }

    /** A filter of system calls refuses the question. */
    @Test
    void whatTheKernelDoesNotTellIsLeftOut() {
        HostView view = view("2026-11-22T12:00:00Z", Optional.empty(), LeapSeconds.builtIn());

        assertNull(view.isSynchronized());
        assertNull(view.maxError());
        assertNull(view.maxErrorNs());
        assertNull(view.leapState());
    }

    @Test
    void theLastLeapSecondIsToldAndTheNextOnlyIfOneIsKnown() {
        var none = view("2026-11-22T12:00:00Z", Optional.empty(), LeapSeconds.builtIn()).leapSeconds();
        assertEquals(OF_2016, none.last());
        assertNull(none.next());
        assertFalse(none.expired());

        LeapSeconds table = LeapSeconds.builtIn().with(NEXT, -1);
        var one = view("2027-06-30T23:59:58Z", Optional.empty(), table).leapSeconds();
        assertEquals(OF_2016, one.last());
        assertEquals(new LeapSecond(NEXT, -1, 36), one.next());
        assertTrue(one.expired());

        var passed = view("2027-07-01T00:00:00Z", Optional.empty(), table).leapSeconds();
        assertEquals(new LeapSecond(NEXT, -1, 36), passed.last());
        assertNull(passed.next());
    }

    /** Served UTC does not depend on the kernel's offset, and whoever looks can see that it is wrong. */
    @Test
    void theKernelsOffsetIsShownBesidesTheServedOne() {
        var none = new HostView.TaiOffset(37, "leap-second-table", null);
        assertEquals(none, view("2026-11-22T12:00:00Z", OptionalLong.empty()).taiOffset());
        for (long seconds : new long[]{10, 36, 38}) {
            assertEquals(new HostView.TaiOffset(37, "leap-second-table", seconds),
                    view("2026-11-22T12:00:00Z", OptionalLong.of(seconds)).taiOffset());
        }
        assertEquals(new HostView.TaiOffset(37, "kernel", 37L),
                view("2026-11-22T12:00:00Z", OptionalLong.of(37)).taiOffset());
    }

    private static HostView view(String now, Optional<Discipline> discipline, LeapSeconds table) {
        return view(now, discipline, table, OptionalLong.of(37));
    }

    private static HostView view(String now, OptionalLong kernel) {
        return view(now, Optional.empty(), LeapSeconds.builtIn(), kernel);
    }

    private static HostView view(String now, Optional<Discipline> discipline, LeapSeconds table, OptionalLong kernel) {
        Instant at = Instant.parse(now);
        var status = new HostStatus(at.getEpochSecond() * 1_000_000_000 + at.getNano(), 37, kernel, discipline,
                Optional.of("tsc"), table);
        return HostView.of(status, Optional.empty(), "0", Duration.ofHours(1));
    }
}
