package io.clocktower.device;

import io.clocktower.linux.Epoll;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.IdleThreads;
import io.clocktower.linux.Reactor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * The thread that owns devices outright: their sockets, their connections, their rings. {@link #submit} is the only door
 * into it.
 */
public final class EventLoop implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(EventLoop.class);
    private static final int MAX_WAITING_COMMANDS = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final String NAME = "event-loop-";
    /** How the names of threads begin that give way to nobody: the loops', and those of the JVM that stop the loops. */
    private static final List<String> PRECEDING = List.of(NAME, "VM ", "GC ", "G1 ");

    private final Reactor reactor = new Reactor(System::nanoTime);
    private final EventFd wakeUp = EventFd.create();
    private final BlockingQueue<Runnable> commands = new ArrayBlockingQueue<>(MAX_WAITING_COMMANDS);
    private final Thread thread;
    private final Consumer<Throwable> onFailure = this::onFailure;
    private volatile boolean isStopped;

    /**
     * Starts the loop.
     *
     * @param number by which its thread is named
     */
    public EventLoop(int number) {
        reactor.watch(wakeUp.number(), Epoll.EPOLLIN | Epoll.EPOLLET, _ -> runCommands());
        thread = Thread.ofPlatform().name(NAME + number).daemon().start(this::run);
    }

    /**
     * Has all other threads of this process, and those that they start, give way to the loops: whoever asks for metrics is
     * not to make a guest wait. The JVM's own that the loops have to wait for do not.
     */
    public static void takePrecedence() {
        IdleThreads.make(thread -> PRECEDING.stream().noneMatch(thread::startsWith));
    }

    /** For the loop's thread only. */
    Reactor reactor() {
        return reactor;
    }

    /**
     * Runs a command on the loop's thread.
     *
     * @return what comes of it, or a {@link RejectedExecutionException} if too many commands wait
     */
    public <T> CompletableFuture<T> submit(Callable<T> command) {
        var result = new CompletableFuture<T>();
        if (!commands.offer(() -> complete(result, command))) {
            return CompletableFuture.failedFuture(
                    new RejectedExecutionException(MAX_WAITING_COMMANDS + " commands wait for " + thread.getName()));
        }
        wakeUp.signal();
        return result;
    }

    /** How many commands wait for the loop's thread; any thread may ask. */
    int waitingCommands() {
        return commands.size();
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
                reactor.turn(onFailure);
            } catch (Throwable failure) {
                onFailure(failure);
            }
        }
        runCommands();
        reactor.close();
    }

    private void runCommands() {
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
        }
    }

    /** Handlers catch what is to be expected; whatever is left must not end the loop for everybody. */
    private void onFailure(Throwable failure) {
        LOG.error(thread.getName() + ": unexpected failure", failure);
    }

    /** Ends the loop after the commands submitted before, and waits for its thread, which a host that hangs may keep. */
    @Override
    public void close() {
        isStopped = true;
        wakeUp.signal();
        try {
            if (thread.join(PATIENCE)) {
                wakeUp.close();
            } else {
                LOG.errorf("%s does not end", thread.getName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
