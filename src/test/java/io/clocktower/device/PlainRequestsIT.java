package io.clocktower.device;

import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;

/** Requests over a split ring, without event indices, of a driver that negotiated alarms. */
class PlainRequestsIT extends RequestsContract {

    @Override
    long features() {
        return FrontEnd.VERSION_1 | FrontEnd.INDIRECT_DESC | Alarmq.F_ALARM;
    }
}
