package io.clocktower.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class PollingSwitchTest {

    private int processors = 2;
    private long throttlings = 7;
    private long nowNs;
    private boolean isAllowed;
    private final PollingSwitch polling = new PollingSwitch(allowed -> isAllowed = allowed, () -> processors,
            () -> throttlings, () -> nowNs);

    @Test
    void loopsMayPollAtFirst() {
        assertTrue(isAllowed, "what was throttled before the start does not count");
        assertEquals(Optional.empty(), polling.reason());
    }

    @Test
    void oneProcessorIsLeftToTheGuest() {
        processors = 1;
        polling.look();
        assertFalse(isAllowed);
        assertEquals(Optional.of("only one processor is available"), polling.reason());
        processors = 2;
        polling.look();
        assertTrue(isAllowed);
    }

    @Test
    void aQuotaThatWasUsedUpIsSparedForAMinute() {
        throttlings++;
        polling.look();
        assertFalse(isAllowed);
        assertTrue(polling.reason().orElseThrow().contains("quota"));
        nowNs += PollingSwitch.PATIENCE_NS - 1;
        polling.look();
        assertFalse(isAllowed);
        throttlings++;
        polling.look();
        nowNs += PollingSwitch.PATIENCE_NS - 1;
        polling.look();
        assertFalse(isAllowed, "it was used up again");
        nowNs++;
        polling.look();
        assertTrue(isAllowed);
        assertEquals(Optional.empty(), polling.reason());
    }
}
