package io.clocktower.linux;

/** What a {@link Reactor} looks at for a while in place of sleeping. Every call comes on the reactor's thread. */
public interface Polled {

    /**
     * Whether there is something to do. A look is quick and changes nothing.
     *
     * <p>
     * Where it reads memory that may be gone, an {@link InternalError} can come with a look or some time after it. Then
     * {@link #run} is called, which finds out for itself.
     */
    boolean isReady();

    /** Does what there is to do. */
    void run();

    /** The reactor has stopped looking. Turn the notifications on, and then look once more for what came before. */
    void onUnpolled();
}
