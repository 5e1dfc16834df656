package io.clocktower.virtqueue;

import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.frontend.SplitDriver.Used;
import java.util.List;

/** What a driver does with a ring of any kind, as {@link VirtqueueContractTest} needs it. */
interface DriverSide {

    /** Makes a buffer available, a descriptor for each piece, and answers its id. */
    int offer(List<Piece> pieces);

    /** The same by an indirect table at {@code tableAddress}. */
    int offerIndirect(long tableAddress, List<Piece> pieces);

    boolean hasUsed();

    /** The next buffer that the device used. */
    Used takeUsed();

    /** Asks for notifications of used buffers, or for none. */
    void wantNotifications(boolean isWanted);

    /** Whether the device wants to be notified of the buffer that was offered last. */
    boolean isKickWanted(boolean hasEventIdx);
}
