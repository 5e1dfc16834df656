package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.linux.ThreadShares.Share;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ThreadSharesTest {

    private static final int NICE_FIELD = 19;
    private static final int POLICY_FIELD = 41;
    private static final String SCHED_BATCH = "3";

    @Test
    void aThreadGivesWayAndTheOthersDoNot() throws Exception {
        var end = new CountDownLatch(1);
        Thread low = start("low-thread-with-a-long-name", end);
        Thread other = start("other", end);
        try {
            String before = policy("other");
            String niceBefore = field("other", NICE_FIELD);
            ThreadShares.set(name -> name.equals("low-thread-with") ? Share.LOW : Share.FULL);
            assertEquals(SCHED_BATCH, policy("low-thread-with"));
            assertEquals("5", field("low-thread-with", NICE_FIELD));
            assertEquals(before, policy("other"));
            assertEquals(niceBefore, field("other", NICE_FIELD));
        } finally {
            end.countDown();
            low.join();
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
        return field(name, POLICY_FIELD);
    }

    private static String field(String name, int number) throws Exception {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).strip().equals(name)) {
                    return Files.readString(task.resolve("stat")).replaceFirst(".*\\) ", "").split(" ")[number - 3];
                }
            }
        }
        throw new AssertionError("no thread " + name);
    }
}
