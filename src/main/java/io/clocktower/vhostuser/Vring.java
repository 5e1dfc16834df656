package io.clocktower.vhostuser;

import io.clocktower.linux.Closing;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.Mmap;
import io.clocktower.linux.Polled;
import io.clocktower.linux.Reactor;
import io.clocktower.memory.UntouchedMemoryException;
import io.clocktower.virtqueue.OutsideMemoryException;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.VirtqueueException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A ring as the front-end sees it: the virtqueue with its kick, call and err eventfds and its enabled flag. "Ring
 * states".
 *
 * <p>
 * A kick starts a ring. It runs while it is enabled, once its size, base and addresses are set, in whatever order all of
 * that comes. GET_VRING_BASE stops it. A ring on which the driver broke the rules is broken until it is stopped or reset.
 *
 * <p>
 * A ring rests while the front-end has removed memory that it needs: that of its own areas, or that of a buffer which
 * the driver made available. It goes on when the memory is there again, without another kick. An address that never was
 * in the guest's memory breaks the ring.
 *
 * <p>
 * While a ring runs it suppresses the driver's notifications now and then. Whenever it ceases to look (stop, disable,
 * reset, rest, break, close) it leaves them on, also where buffers are left that it has not used.
 */
final class Vring implements Polled {

    private final int index;
    private final Session session;
    private final VirtioDevice device;
    private final BackEndListener listener;
    private final Reactor reactor;
    private final long pollWindowNs;

    private final RingSetup setup;
    private final RingEvents events;
    private final KickEvent kick;
    private final RingTurns turns;
    private boolean isEnabled;
    private boolean isStarted;
    private boolean isBroken;
    private boolean wasStopped;
    private boolean areAreasAway;
    private boolean areBuffersAway;
    private OpenRing ring;
    /** Whether it was open in the connection whose state this one resumed, and has not been opened since. */
    private boolean isToBeReopened;
    private boolean isPaused;

    Vring(int index, Session session, VirtioDevice device, BackEndListener listener, Reactor reactor,
            long pollWindowNs) {
        this.index = index;
        this.session = session;
        this.device = device;
        this.listener = listener;
        this.reactor = reactor;
        this.pollWindowNs = pollWindowNs;
        setup = new RingSetup(index, session);
        events = new RingEvents(reactor, this::onKick);
        kick = events.kick();
        turns = new RingTurns(reactor, this::takeTurn);
    }

    void setSize(int size) throws ProtocolException {
        requireStopped();
        setup.setSize(size);
        runSoon();
    }

    /**
     * Sets where the ring begins.
     *
     * @return whether that shows that the device was reset. QEMU sends an RTC back-end no message about a reset, but a
     *         ring that begins elsewhere than it stopped is a new ring
     */
    boolean setBase(int base) throws ProtocolException {
        requireStopped();
        setup.checkBase(base);
        boolean isReset = wasStopped && base != setup.base();
        wasStopped = false;
        setup.setBase(base);
        runSoon();
        return isReset;
    }

    /** The device was reset, and this ring with it. Its next base is part of the same reset. */
    void onDeviceReset() {
        wasStopped = false;
        runSoon();
    }

    private void requireStopped() throws ProtocolException {
        if (isOpen()) {
            throw new ProtocolException("vring %d is running".formatted(index));
        }
    }

    void setAddresses(FrontEndState.Addresses addresses) throws ProtocolException {
        setup.setAddresses(addresses);
        remap();
    }

    /** Translates the addresses of the ring again, after the memory or the addresses changed. */
    void remap() {
        if (isOpen()) {
            Optional<RingAreas> areas = setup.locate();
            if (areas.isEmpty() && !areAreasAway) {
                // Those of before are still mapped.
                leaveNotificationsOn();
            }
            areAreasAway = areas.isEmpty();
            areBuffersAway = false;
            if (areAreasAway) {
                return;
            }
            // A broken ring too: its notifications are left on when it stops.
            if (ring != null) {
                ring.remap(areas.get(), session.memory());
            }
            if (isBroken) {
                return;
            }
            try {
                setup.checkAlignment();
                setup.beforeUse(areas.get());
            } catch (VirtqueueException | UntouchedMemoryException e) {
                breakRing(e.getMessage());
                return;
            }
        }
        runSoon();
    }

    /** Sets the eventfd over which the driver's notifications come. */
    void setKick(EventFd eventFd) {
        isStarted |= kick.set(eventFd);
        runSoon();
    }

    /** Its eventfds; the one for kicks is set by {@link #setKick}. */
    RingEvents events() {
        return events;
    }

    void setEnabled(boolean isEnabled) {
        if (!isEnabled) {
            leaveNotificationsOn();
        }
        this.isEnabled = isEnabled;
        runSoon();
    }

    private void onKick() {
        isStarted = true;
        setup.assumeBase();
        run();
    }

    @Override
    public boolean isReady() {
        return ring.isReady();
    }

    /** Notifications were off. Either there is something to use, or they are turned on. */
    @Override
    public void onUnpolled() {
        run();
    }

    /** Uses what is available, if the ring runs and does not wait for its next turn. */
    @Override
    public void run() {
        turns.run();
    }

    /** The same after all messages of this turn: a front-end cannot have a ring run once for each. */
    private void runSoon() {
        if (isRunning()) {
            turns.putOff();
        }
    }

    boolean isRunning() {
        return isStarted && !isPaused && !isBroken && !areAreasAway && !areBuffersAway
                && (isEnabled || !session.hasProtocolFeatures()) && (isOpen() || setup.isComplete());
    }

    /** Whether its virtqueue is in use, so that what it was opened with must stay. */
    boolean isOpen() {
        return ring != null || isToBeReopened;
    }

    /** Uses what is available, and answers whether something is left for the next turn. */
    private boolean takeTurn() {
        if (!isRunning()) {
            return false;
        }
        try {
            try {
                if (ring == null) {
                    ring = new OpenRing(index, setup.open(), device, events.call(), reactor, this, pollWindowNs);
                    isToBeReopened = false;
                }
                return ring.use();
            } finally {
                Mmap.settle();
            }
        } catch (OutsideMemoryException e) {
            if (session.wasRemoved(e.guestAddress())) {
                areBuffersAway = true;
                leaveNotificationsOn();
            } else {
                breakRing(e.getMessage());
            }
        } catch (VirtqueueException | RuntimeException | Error e) {
            // A request may be half done. This ring cannot go on, all others can.
            breakRing(OpenRing.reason(e));
        }
        return false;
    }

    private void breakRing(String reason) {
        isBroken = true;
        leaveNotificationsOn();
        events.onBroken();
        listener.onRingBroken(index, reason);
    }

    /** Stops the ring and answers how far it came. */
    int stop() {
        forgetKicks();
        end();
        return setup.base();
    }

    private void end() {
        if (isOpen()) {
            setup.setBase(base());
            wasStopped = true;
            ring = null;
            isToBeReopened = false;
            reactor.unpoll(this);
        }
        kick.close();
        isStarted = false;
        isBroken = false;
        areAreasAway = false;
        areBuffersAway = false;
    }

    /**
     * Forgets the kicks on which the ring has acted. One on which it has not starts the ring when it is set up again: the
     * driver has no reason to kick once more for buffers that are left.
     */
    private void forgetKicks() {
        boolean wasKicked = kick.forget() || isStarted;
        boolean isLeft = ring == null ? wasKicked : leaveNotificationsOn();
        if (isLeft && !isBroken) {
            kick.restore();
        }
    }

    /** Leaves the driver's notifications on, and answers whether a buffer may be left. */
    private boolean leaveNotificationsOn() {
        reactor.unpoll(this);
        if (ring == null || areAreasAway) {
            return areAreasAway;
        }
        return ring.leaveNotificationsOn();
    }

    /** Makes the ring one that the front-end has not set up. Call and err, which it sets once a connection, stay. */
    void reset() {
        leaveNotificationsOn();
        kick.forget();
        end();
        events.call().forget();
        setup.forget();
        wasStopped = false;
        isEnabled = false;
    }

    /** Does nothing more until {@link #proceed}. The driver's notifications are on, and its kicks are kept. */
    void pause() {
        leaveNotificationsOn();
        kick.ignore();
        isPaused = true;
    }

    /** Goes on after a pause, with what came in between. */
    void proceed() {
        isPaused = false;
        try {
            if (ring != null && !isBroken && !areAreasAway) {
                ring.catchUp();
            }
        } catch (VirtqueueException | RuntimeException | Error e) {
            breakRing(OpenRing.reason(e));
        }
        if (!isBroken) {
            kick.heed();
        }
        runSoon();
    }

    /** The ring while it is paused. */
    FrontEndState.Ring state() {
        return new FrontEndState.Ring(setup.size(), ring == null ? setup.givenBase() : OptionalInt.of(ring.base()),
                setup.addresses(), isEnabled, isStarted, isOpen(), isBroken, wasStopped,
                events.call().isOwed(), kick.descriptor(), events.call().descriptor(), events.err().descriptor());
    }

    /** Takes over a state, with its eventfds, and is paused. The memory of the session is there. */
    void restore(FrontEndState.Ring state) {
        isPaused = true;
        events.restore(state);
        setup.restore(state);
        isEnabled = state.isEnabled();
        isStarted = state.isStarted();
        isBroken = state.isBroken();
        wasStopped = state.wasStopped();
        isToBeReopened = state.isOpen();
        areAreasAway = isToBeReopened && setup.locate().isEmpty();
    }

    /** Lets go of a ring that is paused, and that goes on elsewhere. */
    void abandon() {
        events.close();
    }

    void close() {
        Closing.all(this::stop, this::reset, events::close);
    }

    private int base() {
        return ring == null ? setup.base() : ring.base();
    }

    VringStatus status() {
        return new VringStatus(index, setup.size(), base(), isStarted, isEnabled || !session.hasProtocolFeatures(),
                isBroken);
    }
}
