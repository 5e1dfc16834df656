package io.clocktower.virtqueue;

/**
 * How much work a driver can make for the device in one turn of a ring: a number of buffers, and a number of steps through
 * descriptors. A step is a descriptor or a piece of guest memory that it describes. So a chain that is long, has empty
 * descriptors or lies in many memory regions spends the budget as many short chains do. What is left waits for the next
 * turn, after the other devices of the thread.
 */
public final class TurnBudget {

    private static final int BUFFERS = 256;
    private static final int STEPS = 4096;

    private int buffers;
    private int steps;

    /** Begins a turn. */
    public void begin() {
        buffers = BUFFERS;
        steps = STEPS;
    }

    /** Whether the turn is over. */
    public boolean isSpent() {
        return buffers <= 0 || steps <= 0;
    }

    void onBuffer() {
        buffers--;
    }

    void onDescriptor(int pieces) {
        steps -= 1 + pieces;
    }
}
