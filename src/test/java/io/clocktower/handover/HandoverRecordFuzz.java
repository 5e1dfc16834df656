package io.clocktower.handover;

import io.clocktower.clock.LeapSeconds;
import io.clocktower.device.OpenDescriptors;
import io.clocktower.device.DeviceHost;
import io.clocktower.host.SystemHostClock;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import io.clocktower.linux.UnixSocket;
import io.clocktower.spec.DeviceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The record of a hand-over, with descriptors. A successor makes its devices, or refuses it with an {@link IOException} or a
 * {@link DeviceException} that does not tell of an error in the service itself. No descriptor is left.
 */
public final class HandoverRecordFuzz {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Setting SETTING = new Setting();

    private HandoverRecordFuzz() {}

    private static final class Setting {

        private final LeapSeconds leapSeconds = LeapSeconds.builtIn();
        private final DeviceHost host = new DeviceHost(new SystemHostClock(leapSeconds), leapSeconds, 1, false);
        private final Passed passed;
        private final long descriptors;

        private Setting() {
            try {
                passed = new Passed();
                take("{}".getBytes(StandardCharsets.UTF_8));
                descriptors = OpenDescriptors.settled();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        private void take(byte[] json) throws IOException {
            List<Descriptor> pair = UnixSocket.pair();
            try (var predecessor = new Link(pair.getFirst());
                    var successor = new Successor(new Link(pair.getLast()));
                    Token token = Token.create()) {
                List<Descriptor> files = new ArrayList<>(passed.all());
                files.add(token.descriptor());
                predecessor.sendRecord(json, files, PATIENCE);
                var takeOver = new TakeOver(successor, host, List.of(), List.of());
                try {
                    takeOver.prepare(leapSeconds);
                } catch (IOException _) {
                    // It is refused.
                } catch (DeviceException e) {
                    requireRefusal(e);
                } finally {
                    takeOver.giveUp();
                }
            }
        }
    }

    private static void requireRefusal(DeviceException e) {
        boolean isFailure = e.getCause() instanceof RuntimeException || e.getCause() instanceof Error;
        if (isFailure && !(e.getCause() instanceof LinuxException)) {
            throw new AssertionError(e.getMessage(), e.getCause());
        }
    }

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        SETTING.take(input);
        if (!SETTING.host.specs().isEmpty()) {
            throw new AssertionError("devices are left: " + SETTING.host.specs());
        }
        OpenDescriptors.await(SETTING.descriptors);
    }
}
