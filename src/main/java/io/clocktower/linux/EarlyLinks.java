package io.clocktower.linux;

import java.lang.invoke.MethodHandles;

/** Links the system calls that a service makes while it starts and for its first guest. */
public final class EarlyLinks {

    private EarlyLinks() {}

    /**
     * Links them on a thread of its own, beside what else a start does. The first one is linked here: what linking takes of
     * the JDK is initialized before two threads link. The classes depend on nothing else that is initialized, loggers
     * least of all: two threads that initialize the same classes in another order would wait for each other.
     *
     * @throws ExceptionInInitializerError if the C library lacks the first call
     */
    public static void start() {
        initialize(ResourceLimits.class);
        Thread.ofPlatform().name("early-links").daemon().start(EarlyLinks::link);
    }

    private static void link() {
        try {
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
        } catch (LinkageError e) {
            // It fails again, and is said, when the start comes to it.
        }
    }

    private static void initialize(Class<?> type) {
        try {
            MethodHandles.lookup().ensureInitialized(type);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }
}
