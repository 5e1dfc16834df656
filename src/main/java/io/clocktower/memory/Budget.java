package io.clocktower.memory;

import java.util.concurrent.atomic.AtomicLong;

/**
 * An amount of something that all devices of this process share. Each has an amount that no other can use up, and may take
 * more while there is enough: at most a quarter of what the others have left. So a few that take all they can leave some for
 * the next one. Thread-safe, without locks.
 */
public final class Budget {

    private static final long PART = 4;

    private final long total;
    private final long guaranteed;
    private final AtomicLong free;

    /**
     * @param total of all devices
     * @param guaranteed of each device
     * @param devices how many there are at the most
     */
    public Budget(long total, long guaranteed, int devices) {
        this.total = total;
        this.guaranteed = guaranteed;
        free = new AtomicLong(Math.max(0, total - guaranteed * devices));
    }

    /** What each device has in any case. */
    public long guaranteed() {
        return guaranteed;
    }

    /** How much one device that holds nothing can have now. */
    public long available() {
        return guaranteed + Math.max(0, free.get()) / PART;
    }

    /**
     * Takes an amount for a device.
     *
     * @param amount of any value: a front-end may have chosen it
     * @param kept what the device holds and keeps
     * @param held all that the device holds: what it keeps, and what it is about to give back
     * @param charged what the device has taken and not given back
     * @return what to {@link #giveBack}, 0 or more; -1 if the amount is too large
     */
    public long take(long amount, long kept, long held, long charged) {
        if (amount < 0 || amount > total) {
            // Beyond this the sums below could overflow.
            return -1;
        }
        long charge = beyondGuaranteed(held + amount) - beyondGuaranteed(held);
        if (charge == 0) {
            return 0;
        }
        long keptCharge = beyondGuaranteed(kept + amount);
        for (long now = free.get(); charge <= now && keptCharge <= (now + charged) / PART; now = free.get()) {
            if (free.compareAndSet(now, now - charge)) {
                return charge;
            }
        }
        return -1;
    }

    private long beyondGuaranteed(long amount) {
        return Math.max(0, amount - guaranteed);
    }

    public void giveBack(long charge) {
        free.addAndGet(charge);
    }
}
