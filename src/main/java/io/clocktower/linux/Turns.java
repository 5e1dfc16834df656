package io.clocktower.linux;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** The turns of a {@link Reactor}, whatever its handlers throw and to whom. */
final class Turns {

    private static final int EVENTS_A_TURN = 64;
    /** What they do takes long: a front-end that leaves costs a quarter of a millisecond. */
    private static final int SLOW_EVENTS_A_TURN = 4;
    /** Of the event that there are slow ones. No watch has it, as the lower half of theirs is an index. */
    private static final long SLOW_TOKEN = -1;
    private static final int INITIAL_WORK = 64;
    private static final int FOR_EVER = -1;
    private static final long WAITING = Long.MIN_VALUE;
    private static final VarHandle BUSY_SINCE;

    static {
        try {
            BUSY_SINCE = MethodHandles.lookup().findVarHandle(Turns.class, "busySinceNs", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Epoll epoll = new Epoll(EVENTS_A_TURN);
    /** In the other one. What it holds back waits there, however much it is, and the others' events do not wait behind it. */
    private final Epoll slow = new Epoll(SLOW_EVENTS_A_TURN);
    private final EventSignals signals = EventSignals.open();
    private final LongSupplier clock;
    private final List<Slot> slots = new ArrayList<>();
    private final List<Deadline> deadlines = new ArrayList<>();
    private final Polling polling;
    private Work putOff = new Work();
    private Work dueThisTurn = new Work();
    private int watchesMade;
    private long nowNs;
    /** Whether that is the reading before a look that has found something, and its handler has not asked for it yet. */
    private boolean isBeforeLook;
    /** Written opaquely by the owner, read opaquely by others: it orders nothing. */
    private long busySinceNs = WAITING;

    Turns(LongSupplier clock) {
        this.clock = clock;
        nowNs = clock.getAsLong();
        polling = new Polling(this);
        epoll.add(slow.number(), Epoll.EPOLLIN, SLOW_TOKEN);
    }

    /** Work, and beside it whom its failures go to. An addition that fails for want of memory changes nothing. */
    private static final class Work {

        private Runnable[] work = new Runnable[INITIAL_WORK];
        private Object[] onFailures = new Object[INITIAL_WORK];
        private int count;

        private void add(Runnable some, Consumer<Throwable> onFailure) {
            if (count == work.length) {
                Runnable[] moreWork = Arrays.copyOf(work, 2 * count);
                onFailures = Arrays.copyOf(onFailures, 2 * count);
                work = moreWork;
            }
            work[count] = some;
            onFailures[count] = onFailure;
            count++;
        }

        private void run() {
            for (int i = 0; i < count; i++) {
                try {
                    work[i].run();
                } catch (Throwable failure) {
                    report(failure, onFailures[i]);
                }
                work[i] = null;
                onFailures[i] = null;
            }
            count = 0;
        }
    }

    /** A watch's place in the list. It may be used again, so its token carries a number of its own too. */
    private final class Slot implements Reactor.Watch {

        private final Epoll within;
        private final int fd;
        private final EpollHandler handler;
        private final Consumer<Throwable> onFailure;
        private final long token;

        private Slot(Epoll within, int fd, EpollHandler handler, Consumer<Throwable> onFailure, int index) {
            this.within = within;
            this.fd = fd;
            this.handler = handler;
            this.onFailure = onFailure;
            token = (long) ++watchesMade << Integer.SIZE | index;
        }

        @Override
        public void close() {
            if (slots.get((int) token) == this) {
                slots.set((int) token, null);
                within.remove(fd);
            }
        }
    }

    Reactor.Watch watch(int fd, int interest, EpollHandler handler, Consumer<Throwable> onFailure) {
        return watch(epoll, fd, interest, handler, onFailure);
    }

    Reactor.Watch watchSlow(int fd, int interest, EpollHandler handler, Consumer<Throwable> onFailure) {
        return watch(slow, fd, interest, handler, onFailure);
    }

    private Slot watch(Epoll within, int fd, int interest, EpollHandler handler, Consumer<Throwable> onFailure) {
        int index = slots.indexOf(null);
        if (index == -1) {
            index = slots.size();
            slots.add(null);
        }
        var slot = new Slot(within, fd, handler, onFailure, index);
        within.add(fd, interest, slot.token);
        slots.set(index, slot);
        return slot;
    }

    void putOff(Runnable work, Consumer<Throwable> onFailure) {
        putOff.add(work, onFailure);
    }

    EventSignals signals() {
        return signals;
    }

    Polling polling() {
        return polling;
    }

    long nowNs() {
        return nowNs;
    }

    long readClock() {
        isBeforeLook = false;
        nowNs = clock.getAsLong();
        return nowNs;
    }

    /** A look has found something: see {@link Reactor#readClock}. */
    void onFound() {
        isBeforeLook = true;
    }

    /** See {@link Reactor#readClock}. */
    long readClockOnce() {
        if (!isBeforeLook) {
            return readClock();
        }
        isBeforeLook = false;
        return nowNs;
    }

    boolean hasPutOff() {
        return putOff.count > 0;
    }

    void turn() {
        if (polling.isActive()) {
            polling.look(hasPutOff());
        }
        int timeoutMs = timeoutMs();
        BUSY_SINCE.setOpaque(this, WAITING);
        int count = epoll.await(timeoutMs);
        BUSY_SINCE.setOpaque(this, readClock());
        if (count > 0) {
            polling.onEvent();
        }
        if (handle(epoll, count)) {
            handle(slow, slow.await(0));
        }
        runPutOff();
        expireDeadlines();
    }

    /** Answers whether slow events wait. */
    private boolean handle(Epoll from, int count) {
        boolean hasSlow = false;
        for (int i = 0; i < count; i++) {
            long token = from.token(i);
            if (token == SLOW_TOKEN) {
                hasSlow = true;
                continue;
            }
            Slot slot = slots.get((int) token);
            if (slot != null && slot.token == token) {
                try {
                    slot.handler.onReady(from.happened(i));
                } catch (Throwable failure) {
                    report(failure, slot.onFailure);
                }
            }
        }
        return hasSlow;
    }

    private int timeoutMs() {
        if (hasPutOff() || polling.isActive()) {
            return 0;
        }
        long timeoutMs = Long.MAX_VALUE;
        long beforeNs = deadlines.isEmpty() ? 0 : clock.getAsLong();
        for (int i = 0; i < deadlines.size(); i++) {
            long remainingNs = Math.max(0, deadlines.get(i).remainingNs(beforeNs));
            timeoutMs = Math.min(timeoutMs, TimeUnit.NANOSECONDS.toMillis(remainingNs) + 1);
        }
        return timeoutMs == Long.MAX_VALUE ? FOR_EVER : (int) Math.min(timeoutMs, Integer.MAX_VALUE);
    }

    private void runPutOff() {
        if (!hasPutOff()) {
            return;
        }
        Work due = putOff;
        putOff = dueThisTurn;
        dueThisTurn = due;
        due.run();
    }

    private void expireDeadlines() {
        for (int i = deadlines.size() - 1; i >= 0; i--) {
            // An expiry may clear others of them.
            if (i < deadlines.size() && deadlines.get(i).remainingNs(nowNs) <= 0) {
                Deadline deadline = deadlines.get(i);
                try {
                    deadline.expire();
                } catch (Throwable failure) {
                    report(failure, deadline.onFailure());
                }
            }
        }
    }

    /** A consumer that fails itself, because there is no memory for example, must not keep the others from their turn. */
    @SuppressWarnings("unchecked")
    static void report(Throwable failure, Object onFailure) {
        try {
            ((Consumer<Throwable>) onFailure).accept(failure);
        } catch (Throwable another) {
            // It has had its chance.
        }
    }

    void armed(Deadline deadline) {
        deadlines.add(deadline);
    }

    void disarmed(Deadline deadline) {
        deadlines.remove(deadline);
    }

    /** When the present turn began, on the clock; {@link Long#MIN_VALUE} between turns. */
    long busySinceNs() {
        return (long) BUSY_SINCE.getOpaque(this);
    }

    long busyNs() {
        long sinceNs = (long) BUSY_SINCE.getOpaque(this);
        return sinceNs == WAITING ? 0 : Math.max(0, clock.getAsLong() - sinceNs);
    }

    void close() {
        Closing.all(slow::close, epoll::close, signals::close);
    }
}
