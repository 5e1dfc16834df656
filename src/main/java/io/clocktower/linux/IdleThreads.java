package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Threads of the policy SCHED_IDLE: one that wakes and is not of them goes before them at once. On Linux each thread has a
 * policy of its own, and hands it on to those that it starts.
 */
public final class IdleThreads {

    private static final Path TASKS = Path.of("/proc/self/task");
    private static final int SCHED_IDLE = 5;
    private static final MethodHandle SCHED_SETSCHEDULER = NativeCalls.capturing("sched_setscheduler",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));

    private IdleThreads() {}

    /**
     * Makes threads of this process such threads, as far as the kernel allows it; that needs no privilege.
     *
     * @param which by the kernel's name of the thread, 15 bytes at the most
     */
    public static void make(Predicate<String> which) {
        try (Arena arena = Arena.ofConfined(); Stream<Path> tasks = Files.list(TASKS)) {
            MemorySegment noPriority = arena.allocateFrom(JAVA_INT, 0);
            List<Path> all = tasks.toList();
            for (Path task : all) {
                make(task, which, noPriority);
            }
        } catch (IOException e) {
            // Without /proc all threads are equal.
        }
    }

    private static void make(Path task, Predicate<String> which, MemorySegment noPriority) {
        try {
            if (which.test(Files.readString(task.resolve("comm")).strip())) {
                int ignored = (int) SCHED_SETSCHEDULER.invokeExact(NativeCalls.state(),
                        Integer.parseInt(task.getFileName().toString()), SCHED_IDLE, noPriority);
            }
        } catch (IOException e) {
            // The thread has ended.
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }
}
