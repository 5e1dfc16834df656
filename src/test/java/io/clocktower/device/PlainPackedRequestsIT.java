package io.clocktower.device;

import io.clocktower.frontend.FrontEnd;

/** Requests over a packed ring, without event indices. */
class PlainPackedRequestsIT extends RequestsContract {

    @Override
    long features() {
        return FrontEnd.VERSION_1 | FrontEnd.INDIRECT_DESC | FrontEnd.RING_PACKED;
    }
}
