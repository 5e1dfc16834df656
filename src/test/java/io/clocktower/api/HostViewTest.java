package io.clocktower.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.api.HostView.LeapSecond;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.HostStatus;
import io.clocktower.device.HostStatus.Discipline;
import io.clocktower.device.HostStatus.LeapState;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
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

    private static HostView view(String now, Optional<Discipline> discipline, LeapSeconds table) {
        Instant at = Instant.parse(now);
        var status = new HostStatus(at.getEpochSecond() * 1_000_000_000 + at.getNano(), 37, true, discipline,
                Optional.of("tsc"), table);
        return HostView.of(status, "0", Duration.ofHours(1));
    }
}
