package io.clocktower.vhostuser;

import io.clocktower.linux.Reactor;
import java.util.function.BooleanSupplier;

/**
 * When a ring has its turn: at once, or after all messages and devices of the loop's turn, if it is put off. The device's loop
 * owns it.
 */
final class RingTurns {

    private final Reactor reactor;
    private final BooleanSupplier turn;
    private final Runnable onPutOff = this::take;
    private boolean isPutOff;

    /**
     * @param turn answers whether it left something for the next turn
     */
    RingTurns(Reactor reactor, BooleanSupplier turn) {
        this.reactor = reactor;
        this.turn = turn;
    }

    /** Takes a turn, unless one is put off. */
    void run() {
        if (!isPutOff) {
            take();
        }
    }

    /** Takes a turn later, however often this is called before. */
    void putOff() {
        if (!isPutOff) {
            isPutOff = true;
            reactor.putOff(onPutOff);
        }
    }

    private void take() {
        isPutOff = false;
        if (turn.getAsBoolean()) {
            putOff();
        }
    }
}
