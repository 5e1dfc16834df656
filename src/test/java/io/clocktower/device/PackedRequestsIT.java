package io.clocktower.device;

import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;

/** Requests over a packed ring, of a driver that negotiated alarms. */
class PackedRequestsIT extends RequestsContract {

    @Override
    long features() {
        return Guest.FEATURES | FrontEnd.RING_PACKED | Alarmq.F_ALARM;
    }
}
