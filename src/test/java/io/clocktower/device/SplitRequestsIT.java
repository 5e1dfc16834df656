package io.clocktower.device;

import io.clocktower.frontend.Guest;

/** Requests over a split ring. */
class SplitRequestsIT extends RequestsContract {

    @Override
    long features() {
        return Guest.FEATURES;
    }
}
