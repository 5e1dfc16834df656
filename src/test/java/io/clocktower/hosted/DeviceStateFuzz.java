package io.clocktower.hosted;

import io.clocktower.fuzz.Choices;
import io.clocktower.vhostuser.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Bytes as a front-end may give them for the state of a device, half of them with a right checksum. What is not refused is
 * what this release writes.
 */
public final class DeviceStateFuzz {

    private static final int SUM_BYTES = 4;

    private DeviceStateFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        var choices = new Choices(input);
        boolean isSummed = choices.u8() % 2 == 0;
        byte[] state = choices.rest();
        if (isSummed && state.length >= SUM_BYTES) {
            var sum = new CRC32C();
            sum.update(state, 0, state.length - SUM_BYTES);
            ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN).putInt(state.length - SUM_BYTES,
                    (int) sum.getValue());
        }
        GuestState decoded;
        try {
            decoded = GuestState.decode(state);
        } catch (ProtocolException _) {
            return;
        }
        if (!Arrays.equals(state, decoded.encode())) {
            throw new AssertionError("a state that is not what it encodes to: " + decoded);
        }
    }
}
