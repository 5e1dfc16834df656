package io.clocktower.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.linux.ThreadShares.Share;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrecedenceTest {

    @ParameterizedTest
    @CsvSource({"event-loop-0, FULL", "VM Thread, FULL", "GC Thread#0, FULL", "G1 Conc#0, FULL", "outbox-0, FULL",
            "state-writer, LOW", "vert.x-eventloo, LOW", "executor-thread, LOW", "ForkJoinPool-1-, LOW",
            "C2 CompilerThre, LOW"})
    void loopsAndWhatCanStopThemGoFirst(String thread, Share share) {
        assertEquals(share, Precedence.of(thread));
    }
}
