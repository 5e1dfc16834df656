package io.clocktower.fuzz;

import io.clocktower.device.Devices;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.Requests;
import io.clocktower.linux.Descriptor;
import io.clocktower.status.DeviceState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages of any content with any descriptors, over a real socket. Whatever they are, the device is ready for the next
 * front-end after the connection has closed, and another device's guest is answered.
 */
public final class MessageFuzz {

    private static final int MESSAGES = 64;
    private static final int MAX_PAYLOAD_BYTES = 80;
    private static final int LAST_REQUEST = 45;
    private static final int RESPONSE_BYTES = 16;

    private static final Setting SETTING = new Setting();

    private MessageFuzz() {}

    private static final class Setting {

        private final Devices devices;
        private final Guest bystander;
        private final GuestMemory memory = new GuestMemory(1 << 20, 0x4000_0000L, 0x7f00_0000_0000L);
        private final Descriptor semaphore = Libc.eventFd(Libc.EFD_SEMAPHORE);
        private final Descriptor event = Libc.eventFd();
        private final Descriptor log = Libc.sealedMemfd(1 << 16);

        private Setting() {
            try {
                devices = new Devices("fuzzed", "bystander");
                bystander = new Guest(devices.socket("bystander"));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        var choices = new Choices(input);
        try (var frontEnd = new FrontEnd(SETTING.devices.socket("fuzzed"))) {
            for (int i = 0; i < MESSAGES && !choices.isEmpty(); i++) {
                send(choices, frontEnd);
            }
        } catch (IOException _) {
            // The device has closed the connection.
        }
        SETTING.devices.await("fuzzed", status -> status.state() == DeviceState.WAITING);
        int status = SETTING.bystander.request(Requests.ofClock(Requests.READ, 0), RESPONSE_BYTES).status();
        if (status != Requests.OK) {
            throw new AssertionError("the other device's guest was answered " + status);
        }
    }

    private static void send(Choices choices, FrontEnd frontEnd) throws IOException {
        int request = choices.below(1 + LAST_REQUEST);
        int kind = choices.u8();
        int flags = kind < 250 ? FrontEnd.VERSION | (kind % 2 == 0 ? FrontEnd.NEED_REPLY : 0) : choices.i32();
        byte[] payload = choices.bytes(choices.below(MAX_PAYLOAD_BYTES));
        int size = choices.u8() < 250 ? payload.length : choices.i32();
        List<Descriptor> descriptors = new ArrayList<>();
        for (int i = choices.below(10); i > 0; i--) {
            descriptors.add(switch (choices.below(4)) {
                case 0 -> SETTING.memory.file();
                case 1 -> SETTING.event;
                case 2 -> SETTING.semaphore;
                default -> SETTING.log;
            });
        }
        frontEnd.sendRaw(FrontEnd.message(request, flags, size, payload), descriptors.toArray(Descriptor[]::new));
    }
}
