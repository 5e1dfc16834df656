package io.clocktower.guest;

import static io.clocktower.guest.Rtctest.PASSED;
import static io.clocktower.guest.Rtctest.SKIPPED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.app.PackagedApplication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestClassOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clocks and alarms in Linux guests, over both kinds of rings and over both of QEMU's devices. One more guest runs the
 * whole of the kernel's rtctest meanwhile, which mostly waits.
 */
@TestClassOrder(ClassOrderer.OrderAnnotation.class)
class GuestAlarmsIT {

    /** It waits for up to half a minute, then to the next minute, and then for one minute more. */
    private static final Duration RTCTEST = Duration.ofMinutes(6);

    @TempDir
    private static Path directory;
    private static GuestStack stack;
    private static PackagedApplication application;
    private static GuestVm rtctestVm;
    private static CompletableFuture<GuestVm.Output> rtctest;

    @BeforeAll
    static void beginTheKernelsRtctest() {
        if (!GuestStack.isThere()) {
            return;
        }
        stack = GuestStack.require();
        Map<String, String> properties = new HashMap<>();
        Stream.of("rtctest", "split", "packed", "generic-split", "generic-packed")
                .forEach(name -> properties.put("clocktower.devices." + name + ".socket", socket(name).toString()));
        Stream.of("split", "generic-split")
                .forEach(name -> properties.put("clocktower.devices." + name + ".features.packed", "false"));
        application = PackagedApplication.start(directory, properties);
        rtctestVm = boot("rtctest", GuestVm.Device.RTC, true);
        rtctest = CompletableFuture.supplyAsync(() -> rtctestVm.run("rtctest /dev/" + rtctestVm.rtc(), RTCTEST));
    }

    @AfterAll
    static void stop() {
        if (rtctestVm != null) {
            rtctestVm.close();
        }
        if (application != null) {
            application.close();
        }
    }

    private static GuestVm boot(String name, GuestVm.Device device, boolean isPacked) {
        return GuestVm.boot(stack, directory, name,
                isPacked ? device.at(socket(name), "packed=on") : device.at(socket(name)));
    }

    private static Path socket(String device) {
        return directory.resolve(device + ".sock");
    }

    private abstract static class OnADevice extends GuestContract {

        private final String name;
        private final GuestVm.Device device;
        private final boolean isPacked;

        OnADevice(String name, GuestVm.Device device, boolean isPacked) {
            this.name = name;
            this.device = device;
            this.isPacked = isPacked;
        }

        @Override
        GuestVm boot() {
            return GuestAlarmsIT.boot(name, device, isPacked);
        }

        @Override
        String device() {
            return name;
        }

        @Override
        boolean isPacked() {
            return isPacked;
        }

        @Override
        PackagedApplication application() {
            return application;
        }
    }

    @Nested
    class SplitRings extends OnADevice {
        SplitRings() {
            super("split", GuestVm.Device.RTC, false);
        }
    }

    @Nested
    class PackedRings extends OnADevice {
        PackedRings() {
            super("packed", GuestVm.Device.RTC, true);
        }
    }

    @Nested
    class GenericDeviceSplitRings extends OnADevice {
        GenericDeviceSplitRings() {
            super("generic-split", GuestVm.Device.GENERIC, false);
        }
    }

    @Nested
    class GenericDevicePackedRings extends OnADevice {
        GenericDevicePackedRings() {
            super("generic-packed", GuestVm.Device.GENERIC, true);
        }
    }

    /** Last of all, for this waits. */
    @Nested
    @Order(Integer.MAX_VALUE)
    class KernelsRtctest {

        @BeforeEach
        void skipWithoutAGuest() {
            GuestStack.require();
        }

        /** The two that are skipped want an interrupt a second, which virtio_rtc has not. */
        @Test
        void passesButForUpdateInterruptsWhichTheDriverHasNot() {
            var output = rtctest.join();
            assertEquals(Map.of("date_read", PASSED, "date_read_loop", PASSED, "uie_read", SKIPPED, "uie_select",
                    SKIPPED, "alarm_alm_set", PASSED, "alarm_wkalm_set", PASSED, "alarm_alm_set_minute", PASSED,
                    "alarm_wkalm_set_minute", PASSED), Rtctest.outcomes(output.text()), output.text());
            assertEquals(0, output.status(), output.text());
            GuestContract.assertNothingWasRefused(application.get("api/v1/devices/rtctest"));
        }
    }
}
