package io.clocktower.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.device.DeviceException;
import io.clocktower.device.Devices;
import jakarta.ws.rs.ServiceUnavailableException;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Calls whose device's event loop does not answer: 503, and it is said what has become of a change. */
class LateAnswerIT {

    private Devices devices;
    private CountDownLatch release;

    @BeforeEach
    void hold() throws Exception {
        devices = new Devices("vm0");
        release = devices.hold();
    }

    @AfterEach
    void stop() throws Exception {
        release.countDown();
        devices.close();
    }

    private static String unavailable(Response response) {
        assertEquals(503, response.getStatus());
        return ((Problem) response.getEntity()).detail();
    }

    private static String detail(Executable change) {
        return unavailable(new DeviceRefusalMapper().toResponse(assertThrows(DeviceException.class, change)));
    }

    @Test
    void aChangeIsSaidNotToBeMade() {
        var offsets = new OffsetsResource(devices.host(), null);
        String detail = detail(() -> offsets.delete("vm0", null));

        assertTrue(detail.endsWith("its event loop did not answer within 2 s; nothing was changed"), detail);
    }

    @Test
    void aChangeThatMayYetBeMadeIsSaidToBe() {
        var alarms = new DeviceAlarmsResource(devices.host(), null);
        String detail = detail(() -> alarms.expire("vm0", 0));

        assertTrue(detail.endsWith("the alarm expires as soon as the loop goes on, unless the service ends before"),
                detail);
    }

    @Test
    void aReadIsRefused() {
        var refusal = assertThrows(ServiceUnavailableException.class, () -> Answer.select(devices.host(), List.of()));

        assertEquals("The device's event loop did not answer within 2 s.",
                unavailable(new RefusalMapper().toResponse(refusal)));
    }
}
