package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class IdleThreadsTest {

    private static final int POLICY_FIELD = 41;
    private static final String SCHED_IDLE = "5";

    @Test
    void aThreadGivesWayAndTheOthersDoNot() throws Exception {
        var end = new CountDownLatch(1);
        Thread polite = start("polite-thread-with-a-long-name", end);
        Thread other = start("other", end);
        try {
            String before = policy("other");
            IdleThreads.make(name -> name.startsWith("polite-"));
            assertEquals(SCHED_IDLE, policy("polite-thread-w"));
            assertEquals(before, policy("other"));
        } finally {
            end.countDown();
            polite.join();
            other.join();
        }
    }

    /** It runs once it has its name. */
    private static Thread start(String name, CountDownLatch end) throws InterruptedException {
        var isRunning = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().name(name).start(() -> {
            isRunning.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        isRunning.await();
        return thread;
    }

    private static String policy(String name) throws Exception {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).strip().equals(name)) {
                    return Files.readString(task.resolve("stat")).replaceFirst(".*\\) ", "").split(" ")[POLICY_FIELD
                            - 3];
                }
            }
        }
        throw new AssertionError("no thread " + name);
    }
}
