package io.clocktower.linux;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.graalvm.nativeimage.c.function.CFunction;
import org.graalvm.nativeimage.c.function.CFunction.Transition;
import org.graalvm.nativeimage.c.function.CFunctionPointer;
import org.graalvm.nativeimage.c.function.InvokeCFunctionPointer;
import org.graalvm.word.WordFactory;

/**
 * What takes the place of {@link HotCalls} in a native image: plain calls of the C library. A call that can take long leaves
 * the Java state, as it does on the JVM, so that a garbage collection does not wait for it.
 */
@TargetClass(HotCalls.class)
final class HotCallsInNativeImage {

    /** Functions of the C library. Pointers are numbers here, which the calling conventions of Linux pass alike. */
    private static final class C {

        @CFunction(value = "epoll_wait", transition = Transition.TO_NATIVE)
        static native int epollWait(int epoll, long events, int maxEvents, int timeoutMs);

        @CFunction(value = "epoll_wait", transition = Transition.NO_TRANSITION)
        static native int epollLook(int epoll, long events, int maxEvents, int timeoutMs);

        @CFunction(value = "poll", transition = Transition.NO_TRANSITION)
        static native int poll(long pollFds, long count, int timeoutMs);

        @CFunction(value = "write", transition = Transition.TO_NATIVE)
        static native long write(int fd, long bytes, long count);

        @CFunction(value = "syscall", transition = Transition.TO_NATIVE)
        static native long preadv2(long number, long fd, long vectors, long count, long position, long positionHigh,
                long flags);

        @CFunction(value = "syscall", transition = Transition.NO_TRANSITION)
        static native long ioSubmit(long number, long context, long count, long requests);

        @CFunction(value = "clock_gettime", transition = Transition.NO_TRANSITION)
        static native int clockGettime(int clock, long timespec);

        @CFunction(value = "mincore", transition = Transition.TO_NATIVE)
        static native int mincore(long address, long bytes, long pages);
    }

    /** Machine code that takes nothing and returns a number. */
    private interface Function extends CFunctionPointer {

        @InvokeCFunctionPointer(transition = Transition.NO_TRANSITION)
        long invoke();
    }

    private HotCallsInNativeImage() {}

    @Substitute
    static void link() {
        // The image is linked.
    }

    @Substitute
    static int epollWait(int epoll, MemorySegment events, int maxEvents, int timeoutMs) {
        int count = C.epollWait(epoll, events.address(), maxEvents, timeoutMs);
        Reference.reachabilityFence(events);
        return count;
    }

    @Substitute
    static int epollLook(int epoll, MemorySegment events, int maxEvents) {
        int count = C.epollLook(epoll, events.address(), maxEvents, 0);
        Reference.reachabilityFence(events);
        return count;
    }

    @Substitute
    static int poll(MemorySegment pollFd) {
        int ready = C.poll(pollFd.address(), 1, 0);
        Reference.reachabilityFence(pollFd);
        return ready;
    }

    @Substitute
    static long write(int fd, MemorySegment bytes) {
        long count = C.write(fd, bytes.address(), bytes.byteSize());
        Reference.reachabilityFence(bytes);
        return count;
    }

    @Substitute
    static long preadv2(long number, int fd, MemorySegment vector, long position, long flags) {
        long count = C.preadv2(number, fd, vector.address(), 1, position, 0, flags);
        Reference.reachabilityFence(vector);
        return count;
    }

    @Substitute
    static long ioSubmit(long number, long context, MemorySegment requests) {
        long count = C.ioSubmit(number, context, 1, requests.address());
        Reference.reachabilityFence(requests);
        return count;
    }

    @Substitute
    static int clockGettime(int clock, MemorySegment timespec) {
        int result = C.clockGettime(clock, timespec.address());
        Reference.reachabilityFence(timespec);
        return result;
    }

    @Substitute
    static int mincore(long address, long bytes, MemorySegment pages) {
        int result = C.mincore(address, bytes, pages.address());
        Reference.reachabilityFence(pages);
        return result;
    }

    @Substitute
    static long call(MemorySegment function) {
        return ((Function) WordFactory.pointer(function.address())).invoke();
    }

    @Substitute
    static int onMap(long address, long length, long block) {
        return BusErrors.add(address, length, block);
    }

    @Substitute
    static void onUnmap(int slot) {
        BusErrors.remove(slot);
    }

    @Substitute
    static void settle() {
        if (BusErrors.take()) {
            throw new InternalError("mapped memory is gone");
        }
    }
}
