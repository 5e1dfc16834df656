package io.clocktower.state;

import java.io.IOException;

/** A device's state file: what cannot be read is said, by an {@link IOException} alone. */
public final class StateFileFuzz {

    private StateFileFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        try {
            StateFile.read(input, _ -> {});
        } catch (IOException _) {
            // It is set aside.
        }
    }
}
