package io.clocktower.socket;

import io.clocktower.linux.Descriptor;
import java.util.Optional;

/** From where the front-ends of a device come, one after another. The device's loop owns it. */
public sealed interface FrontEndSource permits Acceptor, Connector {

    /** Whose front-ends they are. */
    interface Owner {

        /** There is a connection to a front-end; its socket is the owner's now. */
        void onFrontEnd(Descriptor socket);

        /** What this answers otherwise has changed. */
        void onChanged();
    }

    /** Begins to look for front-ends. */
    void listen();

    /** Why front-ends cannot come now, although the host should let them. Any thread may ask. */
    Optional<String> failure();

    /** Why none is there, in more detail; {@link #failure} included. */
    Optional<String> reason();

    /** The last front-end has gone, or its connection could not be used. */
    void onGone();

    /** Whether it looks for front-ends, rather than waiting for them. */
    boolean isConnecting();

    /**
     * Front-ends come to another socket from now on, as the file of the one before is gone.
     *
     * @param socket becomes the source's; one that looks for front-ends closes it
     */
    void replace(ListeningSocket socket);

    /** The socket's file is gone, and cannot be replaced. A source that looks for front-ends has none. */
    void fail(String reason);

    /** Takes none until {@link #proceed}. */
    void pause();

    /**
     * Goes on after a pause.
     *
     * @param isConnected whether the owner has a front-end
     */
    void proceed(boolean isConnected);

    /** Ends. The socket's file stays. */
    void retire();
}
