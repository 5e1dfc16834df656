package io.clocktower.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.device.DeviceChanges;
import io.clocktower.device.DeviceHost;
import io.clocktower.device.Devices;
import io.clocktower.spec.DeviceException;
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

    /** Without a call there is no audit log. */
    private static final class Log extends ChangeLog {

        private Log() {
            super(null);
        }

        @Override
        DeviceChanges changes(DeviceHost host) {
            return host.changes();
        }
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
        var counters = new CounterResource(devices.host(), new Log());
        String detail = detail(() -> counters.delete("vm0", null));

        assertTrue(detail.endsWith("its event loop did not answer within 2 s; nothing was changed"), detail);
    }

    @Test
    void aChangeThatMayYetBeMadeIsSaidToBe() {
        var alarms = new DeviceAlarmsResource(devices.host(), new Log());
        String detail = detail(() -> alarms.expire("vm0", 0, false, null));

        assertTrue(detail.endsWith("the alarm will expire when the loop resumes, unless the service ends first"),
                detail);
    }

    @Test
    void faultsThatMayYetBeRevertedAreSaidToBe() {
        var faults = new FaultsResource(devices.host(), new Log());
        String detail = detail(() -> faults.revertAll("vm0", null));

        assertTrue(detail.endsWith("the faults will be reverted when the loop resumes"), detail);
    }

    @Test
    void aReadIsRefused() {
        var statuses = Lists.stream(Answer.select(devices.host(), List.of()));
        var refusal = assertThrows(ServiceUnavailableException.class, statuses::toList);

        assertEquals("an event loop did not answer within 2 s",
                unavailable(new RefusalMapper().toResponse(refusal)));
    }
}
