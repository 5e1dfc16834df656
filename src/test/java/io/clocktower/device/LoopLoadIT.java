package io.clocktower.device;

import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.frontend.Guest;
import io.clocktower.loop.EventLoop;
import io.clocktower.spec.DeviceSpec;
import io.clocktower.state.BootId;
import io.clocktower.state.DeviceStore;
import io.clocktower.vhostuser.HostLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A new device goes to the loop that has the least to do. */
class LoopLoadIT {

    @TempDir
    private Path directory;
    private DeviceHost devices;

    @BeforeEach
    void start() throws Exception {
        var clock = new ManualHostClock();
        devices = new DeviceHost(clock, clock, LeapSeconds.builtIn(), new DeviceStore(BootId.of("a boot")), 2,
                HostLimits.ofKernel(false));
    }

    @AfterEach
    void stop() {
        devices.close();
    }

    private EventLoop create(String name) throws Exception {
        devices.create(new DeviceSpec(name, directory.resolve(name + ".sock"), ClockSpec.DEFAULTS, Optional.empty(),
                Duration.ZERO,
                Map.of()));
        return devices.device(name).loop();
    }

    @Test
    void devicesAreSpreadEvenly() throws Exception {
        EventLoop first = create("a");
        EventLoop second = create("b");

        assertNotSame(first, second);
        assertSame(first, create("c"));
        assertSame(second, create("d"));
    }

    @Test
    void theLoopThatLostDevicesGetsTheNext() throws Exception {
        create("a");
        EventLoop second = create("b");
        create("c");
        create("d");
        devices.remove("b", _ -> true, false);
        devices.remove("d", _ -> true, false);

        assertSame(second, create("e"));
        assertSame(second, create("f"));
    }

    @Test
    void aLoopThatServesMachinesIsSparedHoweverFewItsDevices() throws Exception {
        EventLoop first = create("a");
        EventLoop second = create("b");
        try (var guest = new Guest(directory.resolve("a.sock"))) {
            assertEquals(OK, guest.request(ofClock(READ, 0), 16).status());

            assertNotSame(first, second);
            assertSame(second, create("c"));
            assertSame(second, create("d"));
        }
    }
}
