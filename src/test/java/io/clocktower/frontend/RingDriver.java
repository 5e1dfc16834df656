package io.clocktower.frontend;

import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import java.util.List;

/** A driver's side of a ring, whatever its format. Addresses are the guest's. */
public interface RingDriver {

    int size();

    long descriptorArea();

    long driverArea();

    long deviceArea();

    /** What SET_VRING_BASE takes where the driver is now, with nothing available. */
    int base();

    /** Puts a buffer of these pieces into the ring, for {@link #publish} to make available, and answers its id. */
    int chain(List<Piece> pieces);

    /** The same through an indirect table. */
    int indirect(List<Piece> pieces);

    /** Makes the buffer available that was put into the ring last. */
    void publish(int id);

    /** Asks the device for a notification of the next buffer that it uses. */
    void wantNextUsed();

    /** Whether the device wants to be notified of what was published last. */
    boolean isKickWanted();

    /** Whether the device used a buffer that was not taken. */
    boolean hasUsed();

    /** The next used buffer, which must be there. */
    Used takeUsed();
}
