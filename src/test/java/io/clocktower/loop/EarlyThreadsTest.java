package io.clocktower.loop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class EarlyThreadsTest {

    @Test
    void whatVirtualThreadsNeedIsStarted() {
        EarlyThreads.start();
        List<String> names = Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
        assertTrue(names.stream().anyMatch(name -> name.startsWith("VirtualThread-")), names::toString);
        assertTrue(names.stream().anyMatch(name -> name.startsWith("ForkJoinPool-")), names::toString);
    }
}
