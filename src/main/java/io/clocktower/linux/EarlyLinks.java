package io.clocktower.linux;

import java.lang.invoke.MethodHandles;

/** Links the system calls that a service makes while it starts and for its first guest. */
public final class EarlyLinks {

    private EarlyLinks() {}

    /**
     * Links them in this thread. A class that another thread links just now is waited for.
     *
     * @throws ExceptionInInitializerError if the C library lacks one of them
     */
    public static void link() {
        initialize(ResourceLimits.class);
        initialize(SystemClock.class);
        HotCalls.link();
        initialize(Epoll.class);
        initialize(Descriptor.class);
        initialize(EventFd.class);
        initialize(TimerFd.class);
        initialize(UnixSocket.class);
        initialize(MessageSocket.class);
        initialize(EventSignals.class);
        initialize(FileStatus.class);
        initialize(ThreadShares.class);
    }

    private static void initialize(Class<?> type) {
        try {
            MethodHandles.lookup().ensureInitialized(type);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }
}
