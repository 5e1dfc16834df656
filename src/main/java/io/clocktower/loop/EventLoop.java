package io.clocktower.loop;

import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.Reactor;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * The thread that owns devices outright: their sockets, their connections, their rings. {@link #submit} is the only way
 * into it, {@link #outbox} the way out to what may block. Neither has a lock, so the loop never waits for a thread that
 * is not running.
 */
public final class EventLoop implements AutoCloseable {

    /** How the names of the loops' threads begin. */
    static final String NAME = "event-loop-";

    private static final Logger LOG = Logger.getLogger(EventLoop.class);
    private static final int MAX_WAITING_COMMANDS = 4096;
    /** How long commands may take in one turn before the devices' own events are looked at again. */
    private static final long COMMANDS_A_TURN_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Reactor reactor = new Reactor(System::nanoTime, this::onFailure);
    private final EventFd wakeUp = EventFd.create();
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingCommands = new AtomicInteger();
    private final Runnable moreCommands = this::runMoreCommands;
    private final Outbox outbox;
    private final Thread thread;
    /** Only the loop's thread writes it. */
    private volatile CommandWaits waits = new CommandWaits(0, 0);
    private boolean isPutOff;
    private volatile boolean isStopped;

    /**
     * Starts the loop, and with it all threads that it will need.
     *
     * @param number by which its threads are named
     */
    public EventLoop(int number) {
        outbox = new Outbox(number);
        reactor.signals().limitation().ifPresent(limitation -> LOG.warnf("%s%d: a front-end can block this loop by"
                + " clearing O_NONBLOCK on an eventfd that it shares, as Linux AIO is not available: %s", NAME, number,
                limitation));
        reactor.watch(wakeUp.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> runCommands());
        thread = Thread.ofPlatform().name(NAME + number).daemon().start(this::run);
    }

    /** For the loop's thread only. */
    public Reactor reactor() {
        return reactor;
    }

    /** Does what the loop must not: it may wait for a lock, a disk or a console. Any thread may put something in. */
    public Outbox outbox() {
        return outbox;
    }

    /**
     * Runs a command on the loop's thread.
     *
     * @return its result, or a {@link RejectedExecutionException} if too many commands wait
     */
    public <T> CompletableFuture<T> submit(Callable<T> command) {
        var result = new CompletableFuture<T>();
        try {
            admit();
        } catch (RejectedExecutionException full) {
            return CompletableFuture.failedFuture(full);
        }
        enqueue(() -> complete(result, command));
        return result;
    }

    private void admit() {
        if (waitingCommands.incrementAndGet() > MAX_WAITING_COMMANDS) {
            waitingCommands.decrementAndGet();
            throw new RejectedExecutionException(MAX_WAITING_COMMANDS + " commands wait for " + thread.getName());
        }
    }

    private void enqueue(Runnable command) {
        long sinceNs = System.nanoTime();
        commands.add(() -> {
            waits = new CommandWaits(waits.count() + 1, waits.totalNs() + System.nanoTime() - sinceNs);
            command.run();
        });
        wakeUp.signal();
    }

    /**
     * Runs something on the loop's thread, whose failure is logged.
     *
     * @throws RejectedExecutionException if too many commands wait
     */
    public void execute(Runnable command) {
        admit();
        enqueue(command);
    }

    /** How long commands have waited since the start; any thread may ask. */
    public CommandWaits commandWaits() {
        return waits;
    }

    /** How many commands wait for the loop's thread; any thread may ask. */
    public int waitingCommands() {
        return waitingCommands.get();
    }

    /**
     * How long the loop has been busy with one turn: 0 while it waits for events, {@link Duration#ofSeconds}
     * {@link Long#MAX_VALUE} once its thread has ended. Any thread may ask.
     */
    public Duration busyFor() {
        return thread.isAlive() ? Duration.ofNanos(reactor.busyNs()) : Duration.ofSeconds(Long.MAX_VALUE);
    }

    /** When the present turn began, on the clock of {@link System#nanoTime}; {@link Long#MIN_VALUE} between turns. */
    long busySinceNs() {
        return thread.isAlive() ? reactor.busySinceNs() : Long.MIN_VALUE;
    }

    /** What its thread is doing. */
    StackTraceElement[] stack() {
        return thread.getStackTrace();
    }

    String name() {
        return thread.getName();
    }

    private static <T> void complete(CompletableFuture<T> result, Callable<T> command) {
        try {
            result.complete(command.call());
        } catch (Throwable failure) {
            result.completeExceptionally(failure);
        }
    }

    private void run() {
        while (!isStopped) {
            try {
                reactor.turn();
            } catch (Throwable failure) {
                onFailure(failure);
            }
        }
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            run(command);
        }
        reactor.close();
    }

    private void run(Runnable command) {
        waitingCommands.decrementAndGet();
        try {
            command.run();
        } catch (Throwable failure) {
            onFailure(failure);
        }
    }

    /** What is left when the time is up waits for the next turn, after the devices. */
    private void runCommands() {
        long endNs = System.nanoTime() + COMMANDS_A_TURN_NS;
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            run(command);
            if (System.nanoTime() - endNs > 0) {
                if (!isPutOff) {
                    isPutOff = true;
                    reactor.putOff(moreCommands);
                }
                return;
            }
        }
    }

    private void runMoreCommands() {
        isPutOff = false;
        runCommands();
    }

    /** Devices answer for what happens in their handlers; whatever else fails must not end the loop for all of them. */
    private void onFailure(Throwable failure) {
        try {
            outbox.offer(() -> LOG.error(thread.getName() + ": unexpected failure", failure));
        } catch (Throwable reporting) {
            // Out of memory, for example: nothing can be said now.
        }
    }

    /** Ends the loop after the commands submitted before, and waits for its thread, unless the host hangs. */
    @Override
    public void close() {
        isStopped = true;
        wakeUp.signal();
        try {
            if (thread.join(PATIENCE)) {
                wakeUp.close();
            } else {
                LOG.errorf("%s did not stop in time", thread.getName());
            }
            outbox.close(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
