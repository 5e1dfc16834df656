package io.clocktower.device;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;

/** Requests over a packed ring. */
class PackedRequestsIT extends RequestsContract {

    @Override
    long features() {
        return Guest.FEATURES | FrontEnd.RING_PACKED;
    }
}
