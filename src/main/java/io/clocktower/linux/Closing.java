package io.clocktower.linux;

/** Takes all steps of closing something, whatever one of them throws. */
public final class Closing {

    private Closing() {}

    /** One step. */
    @FunctionalInterface
    public interface Step {
        void run() throws Exception;
    }

    /**
     * Takes each step in its order.
     *
     * @throws IllegalStateException if a step failed, after all have been taken: the first failure is its cause, and has the
     *         others as suppressed ones
     */
    public static void all(Step... steps) {
        Throwable failure = null;
        for (Step step : steps) {
            try {
                step.run();
            } catch (Throwable thrown) {
                if (failure == null) {
                    failure = thrown;
                } else if (failure != thrown) {
                    failure.addSuppressed(thrown);
                }
            }
        }
        if (failure != null) {
            throw new IllegalStateException("closing failed: " + failure, failure);
        }
    }
}
