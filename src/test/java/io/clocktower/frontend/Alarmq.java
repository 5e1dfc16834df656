package io.clocktower.frontend;

import static io.clocktower.frontend.SplitDriver.LE16;

import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import io.clocktower.linux.EventSignals;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** The alarmq of a guest, beside its requestq. */
public final class Alarmq implements AutoCloseable {

    public static final long F_ALARM = 1;
    public static final int NOTIF_ALARM = 0x2000;

    private static final int INDEX = 1;
    private static final int SIZE = 16;
    private static final int NOTIFICATION_BYTES = 16;
    private static final int TIMEOUT_MS = 10_000;

    private final Guest guest;
    private final SplitDriver driver;
    private final Descriptor kickFile = Libc.eventFd();
    private final EventFd kick = EventFd.adopt(kickFile, EventSignals.withoutAio());
    private final Descriptor call = Libc.eventFd();
    private final Descriptor err = Libc.eventFd();
    private int base;

    public Alarmq(Guest guest) throws IOException {
        this.guest = guest;
        driver = new SplitDriver(guest.memory(), SIZE);
        guest.frontEnd().setRing(INDEX, guest.memory(), driver, 0, kickFile, call, err);
        guest.keepAllocated();
    }

    /** Sets the ring up from its beginning, as a driver does after a reset of the device. */
    public void setUpAgain() throws IOException {
        driver.startAt(0);
        driver.forgetDescriptors();
        guest.frontEnd().setRing(INDEX, guest.memory(), driver, 0, kickFile, call, err);
    }

    /** Stops the ring. */
    public void suspend() throws IOException {
        base = ByteBuffer.wrap(guest.frontEnd().ask(FrontEnd.GET_VRING_BASE, FrontEnd.state(INDEX, 0)))
                .order(ByteOrder.nativeOrder()).getInt(4);
    }

    /** Sets it up where it was stopped, over the connection that the guest has now. */
    public void resume() throws IOException {
        guest.frontEnd().setRing(INDEX, guest.memory(), driver, base, kickFile, call, err);
        kick.signal();
    }

    public SplitDriver driver() {
        return driver;
    }

    /** Makes a buffer of this length available. */
    public void makeAvailable(int bytes) {
        long buffer = guest.memory().allocate(bytes, 16);
        guest.keepAllocated();
        guest.memory().fill(buffer, bytes, 0xa5);
        driver.usedEvent(driver.usedIndex());
        driver.publish(driver.chain(List.of(Piece.writable(buffer, bytes))));
        kick.signal();
    }

    public void makeAvailable() {
        makeAvailable(NOTIFICATION_BYTES);
    }

    /** Waits for a notification, and answers the clock it is of. */
    public int awaitNotification() {
        driver.usedEvent(driver.usedIndex());
        if (!driver.hasUsed() && !Libc.awaitReadable(call, TIMEOUT_MS)) {
            throw new AssertionError("no notification came");
        }
        Libc.readCount(call);
        SplitDriver.Used used = driver.takeUsed();
        if (used.length() != NOTIFICATION_BYTES) {
            throw new AssertionError("used length " + used.length());
        }
        byte[] bytes = guest.memory().read(driver.address(used.id()), NOTIFICATION_BYTES);
        MemorySegment notification = MemorySegment.ofArray(bytes);
        byte[] expected = new byte[NOTIFICATION_BYTES];
        expected[1] = NOTIF_ALARM >> 8;
        expected[8] = bytes[8];
        if (!Arrays.equals(expected, bytes)) {
            throw new AssertionError("notification " + Arrays.toString(bytes));
        }
        return Short.toUnsignedInt(notification.get(LE16, 8));
    }

    /** Whether a notification has come. */
    public boolean hasNotification() {
        return driver.hasUsed();
    }

    @Override
    public void close() {
        kick.close();
        call.close();
        err.close();
    }
}
