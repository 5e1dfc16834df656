package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PipeTest {

    @Test
    void whatIsWrittenAtOnceIsReadAndThenTheEnd() {
        try (Pipe pipe = Pipe.create()) {
            byte[] written = new byte[Pipe.ATOMIC_BYTES];
            Arrays.fill(written, (byte) 7);
            pipe.fill(written);
            pipe.writeEnd().close();
            byte[] read = new byte[Pipe.ATOMIC_BYTES + 2];
            assertEquals(written.length, Pipe.read(pipe.readEnd(), read, 1));
            assertArrayEquals(written, Arrays.copyOfRange(read, 1, 1 + written.length));
            assertEquals(Pipe.END, Pipe.read(pipe.readEnd(), read, 1));
        }
    }

    /** A process that has the write end cannot take that back: the ends are two open files. */
    @Test
    void aReadEndThatDoesNotWaitStaysSo() {
        try (Pipe pipe = Pipe.create()) {
            pipe.readEnd().makeNonBlocking();
            io.clocktower.frontend.Libc.makeBlocking(pipe.writeEnd());
            assertEquals(Pipe.NOTHING, Pipe.read(pipe.readEnd(), new byte[1], 0));
        }
    }

    @Test
    void aPipeWithoutReaderTakesNothing() {
        try (Pipe pipe = Pipe.create()) {
            pipe.readEnd().close();
            LinuxException failure = assertThrows(LinuxException.class, () -> pipe.fill(new byte[1]));
            assertEquals(Errno.EPIPE, failure.errno());
        }
    }
}
