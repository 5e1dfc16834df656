package io.clocktower.state;

import java.io.IOException;

/** Reads state files for tests, which must have no fault that cannot be read. */
public final class KeptFiles {

    private KeptFiles() {}

    public static StateFile read(byte[] content) throws IOException {
        return StateFile.read(content, error -> {
            throw new AssertionError(error);
        });
    }
}
