package io.clocktower.kubevirt;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Arrays;

/** A message of the hook: it is refused with INVALID_ARGUMENT, or what was read of it is encoded and read alike. */
public final class HookMessageFuzz {

    private HookMessageFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        WireMessage message;
        try {
            message = WireMessage.decoded(input);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.INVALID_ARGUMENT) {
                throw e;
            }
            return;
        }
        byte[] encoded = message.encoded();
        if (!Arrays.equals(encoded, WireMessage.decoded(encoded).encoded())) {
            throw new AssertionError("it is not read as it was written");
        }
    }
}
