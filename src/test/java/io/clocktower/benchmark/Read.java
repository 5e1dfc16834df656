package io.clocktower.benchmark;

import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.Requests;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * READ of a clock, as a guest's driver has it: it makes the same buffer available again and again, kicks if the device
 * wants that, and sleeps until the device calls.
 */
public final class Read implements RoundTrip {

    private static final int RESPONSE_BYTES = 16;

    private final Guest guest;
    private final SplitDriver requestq;
    private final int head;
    private final long response;

    public Read(Path socket) throws IOException {
        guest = new Guest(socket);
        requestq = guest.requestq();
        // The device made it non-blocking, for both.
        Libc.makeBlocking(guest.call());
        byte[] request = Requests.ofClock(Requests.READ, 1);
        long in = guest.memory().allocate(request.length, 16);
        response = guest.memory().allocate(RESPONSE_BYTES, 16);
        guest.memory().write(in, request);
        head = requestq.chain(
                List.of(Piece.readable(in, request.length), Piece.writable(response, RESPONSE_BYTES)));
    }

    /** Every used buffer is asked to be notified of, so each has its one call, even if it was used before the wait. */
    @Override
    public void run() {
        int before = requestq.availIndex();
        requestq.usedEvent(requestq.usedIndex());
        requestq.publish(head);
        if (requestq.availEvent() == before) {
            guest.kick();
        }
        do {
            Libc.readCount(guest.call());
        } while (!requestq.hasUsed());
        requestq.skipUsed();
    }

    @Override
    public void close() throws IOException {
        byte[] last = guest.memory().read(response, RESPONSE_BYTES);
        guest.close();
        if (last[0] != Requests.OK) {
            throw new AssertionError("READ ended with status " + last[0]);
        }
    }
}
