package io.clocktower.loop;

import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * The way out of an event loop: what may wait for a lock, a disk or a console, a thread of its own does for the loop. To
 * put something in never waits: the queue is lock-free, and the thread is woken by an eventfd. What is put in is done
 * in its order.
 */
public final class Outbox implements Executor {

    /** How the names of the outboxes' threads begin. */
    static final String NAME = "outbox-";

    private static final Logger LOG = Logger.getLogger(Outbox.class);
    /** How much work may wait before more of it is dropped: a thread that is stuck must not fill the memory. */
    static final int CAPACITY = 65_536;
    private static final int FOR_EVER = -1;

    private final Queue<Runnable> work = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final EventFd wakeUp = EventFd.create();
    private final Epoll epoll = new Epoll(1);
    private final Thread thread;
    private volatile boolean isStopped;

    Outbox(int number) {
        epoll.add(wakeUp.number(), Epoll.EPOLLIN | Epoll.EPOLLET, 0);
        thread = Thread.ofPlatform().name(NAME + number).daemon().start(this::run);
    }

    /** Puts in some work that must be done. Any thread may call this. */
    @Override
    public void execute(Runnable some) {
        work.add(some);
        waiting.incrementAndGet();
        wakeUp.signal();
    }

    /**
     * Puts in some work, unless {@link #CAPACITY} pieces of it wait. Any thread may call this.
     *
     * @return false if it was dropped
     */
    public boolean offer(Runnable some) {
        if (waiting.get() >= CAPACITY) {
            return false;
        }
        execute(some);
        return true;
    }

    private void run() {
        while (!isStopped) {
            try {
                epoll.await(FOR_EVER);
                runAll();
            } catch (Throwable e) {
                // Out of memory, for example. The work that is left is done at the next signal.
                report(e);
            }
        }
        runAll();
    }

    private void runAll() {
        for (Runnable some = work.poll(); some != null; some = work.poll()) {
            waiting.decrementAndGet();
            try {
                some.run();
            } catch (Throwable e) {
                report(e);
            }
        }
    }

    private void report(Throwable e) {
        try {
            LOG.errorf(e, "%s: unexpected failure", thread.getName());
        } catch (Throwable logging) {
            // There is no other place to say it.
        }
    }

    /** Does what was put in before, and ends; a thread that is stuck is left alone after {@code patience}. */
    void close(Duration patience) throws InterruptedException {
        isStopped = true;
        wakeUp.signal();
        if (thread.join(patience)) {
            epoll.close();
            wakeUp.close();
        }
    }
}
