package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What share of the processors the threads of this process have while all are busy, and how long each runs at a time. On Linux
 * each thread has a nice value and a time slice of its own, and hands them on to those that it starts. To lower either needs
 * no privilege.
 *
 * <pre>
 * struct sched_attr (48 bytes)
 *    0 u32 size
 *    4 u32 sched_policy
 *    8 u64 sched_flags
 *   16 s32 sched_nice
 *   20 u32 sched_priority
 *   24 u64 sched_runtime   the slice, from Linux 6.12 on
 *   32 u64 sched_deadline
 *   40 u64 sched_period
 * </pre>
 */
public final class ThreadShares {

    /** What a thread gets, against one of {@link #FULL} on the same processor. */
    public enum Share {
        /** As before. */
        FULL,
        /**
         * A third: nice 5, and SCHED_BATCH, so that it interrupts no thread that runs when it wakes. Others go before it, but
         * it always goes on. It must: the JVM stops all threads at a safepoint, and waits for those that run Java code to get
         * there. On a busy machine that took up to 20 ms, with nice 10 up to 120 ms, and with SCHED_IDLE a second.
         */
        LOW
    }

    private static final Path TASKS = Path.of("/proc/self/task");
    private static final int SCHED_OTHER = 0;
    private static final int SCHED_BATCH = 3;
    private static final int PRIO_PROCESS = 0;
    private static final int LOW_NICE = 5;
    /** The shortest that the kernel has. A thread with a shorter slice runs sooner when it wakes, and lets others run sooner. */
    private static final long SLICE_NS = 100_000;

    private static final long ATTRIBUTE_BYTES = 48;
    private static final long SIZE_OFFSET = 0;
    private static final long POLICY_OFFSET = 4;
    private static final long NICE_OFFSET = 16;
    private static final long RUNTIME_OFFSET = 24;
    private static final long SYS_SCHED_SETATTR = NativeCalls.number(314, 274);
    private static final long SYS_SCHED_GETATTR = NativeCalls.number(315, 275);
    private static final MethodHandle SYSCALL = NativeCalls.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle SETPRIORITY = NativeCalls.capturing("setpriority",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    private ThreadShares() {}

    /**
     * Lowers the shares of threads of this process, as far as the kernel allows it.
     *
     * @param shares by the kernel's name of the thread, of at most 15 bytes
     */
    public static void set(Function<String, Share> shares) {
        try (Arena arena = Arena.ofConfined(); Stream<Path> tasks = Files.list(TASKS)) {
            MemorySegment attribute = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
            List<Path> all = tasks.toList();
            for (Path task : all) {
                set(task, shares, attribute);
            }
        } catch (IOException e) {
            // Without /proc all threads keep a full share.
        }
    }

    private static void set(Path task, Function<String, Share> shares, MemorySegment attribute) {
        try {
            int thread = Integer.parseInt(task.getFileName().toString());
            Share share = shares.apply(Files.readString(task.resolve("comm")).strip());
            if (!setAttribute(thread, share, attribute) && share == Share.LOW) {
                int ignored = (int) SETPRIORITY.invokeExact(NativeCalls.state(), PRIO_PROCESS, thread, LOW_NICE);
            }
        } catch (IOException e) {
            // The thread has ended.
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Answers false where a filter of system calls denies it, or the thread has a policy that somebody else chose. */
    private static boolean setAttribute(int thread, Share share, MemorySegment attribute) throws Throwable {
        if ((long) SYSCALL.invokeExact(NativeCalls.state(), SYS_SCHED_GETATTR, (long) thread, attribute,
                ATTRIBUTE_BYTES, 0L) != 0) {
            return false;
        }
        int policy = attribute.get(JAVA_INT, POLICY_OFFSET);
        if (policy != SCHED_OTHER && policy != SCHED_BATCH) {
            return false;
        }
        if (share == Share.LOW) {
            attribute.set(JAVA_INT, POLICY_OFFSET, SCHED_BATCH);
            attribute.set(JAVA_INT, NICE_OFFSET, Math.max(LOW_NICE, attribute.get(JAVA_INT, NICE_OFFSET)));
        }
        attribute.set(JAVA_INT, SIZE_OFFSET, (int) ATTRIBUTE_BYTES);
        attribute.set(JAVA_LONG, RUNTIME_OFFSET, SLICE_NS);
        return (long) SYSCALL.invokeExact(NativeCalls.state(), SYS_SCHED_SETATTR, (long) thread, attribute, 0L,
                0L) == 0;
    }
}
