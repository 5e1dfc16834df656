package io.clocktower.linux;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Looks at what had a request a short while ago, in place of sleeping. A round of looks is short, so that what else happens in
 * the {@link Turns} waits no longer than for a thread that has to wake up.
 */
final class Polling {

    /** More are not looked at: a look at one is a cache miss. */
    private static final int MAX_POLLED = 8;
    private static final int LOOKS_A_READING = 8;
    /** How long other events wait at the most, besides a handler's time. To ask for them can take a microsecond. */
    private static final long ROUND_NS = TimeUnit.MICROSECONDS.toNanos(10);
    /** The same while events come: many guests read in turn, and most of their rings are not polled. */
    private static final long SHORT_ROUND_NS = TimeUnit.MICROSECONDS.toNanos(1);
    /** How many short rounds follow an event. Together they are as long as a guest takes to wake up and to ask again. */
    private static final int SHORT_ROUNDS = 64;

    private final Turns turns;
    private final PollWindow window;
    private final Polled[] polled = new Polled[MAX_POLLED];
    private final Object[] onFailures = new Object[MAX_POLLED];
    private final long[] untilNs = new long[MAX_POLLED];
    private int count;
    private int next;
    private int shortRounds;

    Polling(Turns turns) {
        this.turns = turns;
        window = new PollWindow(turns.nowNs());
    }

    PollWindow window() {
        return window;
    }

    boolean isActive() {
        return count > 0;
    }

    /**
     * One of them had a request.
     *
     * @return whether it is looked at from now on; until then it need not be told of anything
     */
    boolean keep(Polled some, long boundNs, Consumer<Throwable> onFailure) {
        long windowNs = window.onRequest(turns.nowNs(), boundNs);
        if (windowNs == 0) {
            return false;
        }
        int index = indexOf(some);
        if (index == count) {
            if (count == MAX_POLLED) {
                unpoll(oldest());
                if (count == MAX_POLLED) {
                    // It had a request just then, and has its place again.
                    return false;
                }
                index = count;
            }
            polled[index] = some;
            onFailures[index] = onFailure;
            count++;
        }
        untilNs[index] = turns.nowNs() + windowNs;
        return true;
    }

    /** It is not looked at any more, and has seen to that itself. */
    void drop(Polled some) {
        int index = indexOf(some);
        if (index < count) {
            remove(index);
        }
    }

    private int indexOf(Polled some) {
        int index = 0;
        while (index < count && polled[index] != some) {
            index++;
        }
        return index;
    }

    private int oldest() {
        int oldest = 0;
        for (int i = 1; i < count; i++) {
            if (untilNs[i] - untilNs[oldest] < 0) {
                oldest = i;
            }
        }
        return oldest;
    }

    private void remove(int index) {
        count--;
        polled[index] = polled[count];
        onFailures[index] = onFailures[count];
        untilNs[index] = untilNs[count];
        polled[count] = null;
        onFailures[count] = null;
    }

    private void unpoll(int index) {
        Polled some = polled[index];
        Object onFailure = onFailures[index];
        remove(index);
        try {
            some.onUnpolled();
        } catch (Throwable failure) {
            Turns.report(failure, onFailure);
        }
    }

    /** One round of looks; a single look if there is other work to do. */
    void look(boolean isOtherWorkWaiting) {
        try {
            lookAround(turns.readClock() + (isOtherWorkWaiting ? 0 : roundNs()));
            Mmap.settle();
        } catch (InternalError memoryIsGone) {
            for (int i = count - 1; i >= 0; i--) {
                if (i < count) {
                    run(i);
                }
            }
        }
    }

    private long roundNs() {
        if (shortRounds == 0) {
            return ROUND_NS;
        }
        shortRounds--;
        return SHORT_ROUND_NS;
    }

    /** An event came. Another may follow, so the next rounds are short. */
    void onEvent() {
        shortRounds = SHORT_ROUNDS;
    }

    private void lookAround(long endNs) {
        while (count > 0) {
            long fromNs = turns.nowNs();
            boolean hasRun = false;
            for (int i = 0; i < LOOKS_A_READING && !hasRun; i++) {
                hasRun = runOneThatIsReady();
                Thread.onSpinWait();
            }
            // One that ran has read the clock after its last request, as a rule.
            long nowNs = hasRun && turns.nowNs() != fromNs ? turns.nowNs() : turns.readClock();
            if (!hasRun && !window.onLook(nowNs, nowNs - fromNs)) {
                unpollAll();
            }
            expire(nowNs);
            if (nowNs - endNs >= 0 || turns.hasPutOff()) {
                return;
            }
        }
    }

    /** Each gets its turn: the one that ran is the last to be looked at next time. */
    private boolean runOneThatIsReady() {
        for (int i = 0; i < count; i++) {
            next = next + 1 < count ? next + 1 : 0;
            if (polled[next].isReady()) {
                runAfterLook(next);
                return true;
            }
        }
        return false;
    }

    /** The error of a look at memory that is gone may be thrown only here: it is not this one's, who finds its own. */
    private void runAfterLook(int index) {
        Object onFailure = onFailures[index];
        turns.onFound();
        try {
            polled[index].run();
        } catch (InternalError memoryIsGone) {
            throw memoryIsGone;
        } catch (Throwable failure) {
            Turns.report(failure, onFailure);
        }
    }

    private void run(int index) {
        Object onFailure = onFailures[index];
        try {
            polled[index].run();
        } catch (Throwable failure) {
            Turns.report(failure, onFailure);
        }
    }

    private void expire(long nowNs) {
        for (int i = count - 1; i >= 0; i--) {
            if (i < count && nowNs - untilNs[i] >= 0) {
                unpoll(i);
            }
        }
    }

    private void unpollAll() {
        while (count > 0) {
            unpoll(count - 1);
        }
    }
}
