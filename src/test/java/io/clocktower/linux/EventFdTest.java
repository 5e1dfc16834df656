package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Libc;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Eventfds that are shared with another process, which may do anything to them at any time. */
@Timeout(value = 10, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EventFdTest {

    /** Our descriptor, after the other process has made it blocking again. */
    private static EventFd adoptBlocking(Descriptor shared) {
        EventFd eventFd = EventFd.adopt(shared, null);
        Libc.makeBlocking(shared);
        return eventFd;
    }

    @Test
    void aCountIsTakenWholeAndOnce() {
        try (EventFd eventFd = adoptBlocking(Libc.eventFd())) {
            assertFalse(eventFd.takeCount(), "an empty one that blocks");
            eventFd.signal();
            eventFd.signal();
            assertTrue(eventFd.takeCount());
            assertFalse(eventFd.takeCount());
        }
    }

    @Test
    void theCountOfASemaphoreIsTakenWhole() {
        try (EventFd eventFd = adoptBlocking(Libc.eventFd(Libc.EFD_SEMAPHORE))) {
            for (int i = 0; i < 5; i++) {
                eventFd.signal();
            }
            assertTrue(eventFd.takeCount());
            assertFalse(eventFd.takeCount());
        }
    }

    /** It would take for ever, and its owner harms nobody else by it. */
    @Test
    void theGreatestCountOfASemaphoreDoesNotKeepTheThread() {
        Descriptor shared = Libc.eventFd(Libc.EFD_SEMAPHORE);
        try (EventFd eventFd = adoptBlocking(shared)) {
            Libc.addCount(shared, -2);
            assertTrue(eventFd.takeCount());
        }
    }
}
