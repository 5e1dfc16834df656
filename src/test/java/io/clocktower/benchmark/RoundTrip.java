package io.clocktower.benchmark;

import java.io.IOException;

/** Something that a thread asks for and waits for. */
public interface RoundTrip extends AutoCloseable {

    /** Makes one round trip. */
    void run();

    @Override
    void close() throws IOException;
}
