package io.clocktower.linux;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.LongAdder;

/**
 * Standard output or standard error, which drops what finds no room: a pipe that is not read must not stop its writers. The
 * next write that finds room first says how many were dropped. Thread-safe.
 */
public final class Console extends OutputStream {

    /** PIPE_BUF: a pipe that is ready takes so much at once. */
    private static final int CHUNK_BYTES = 4096;
    private static final int OUT = 1;
    private static final int ERR = 2;

    private static final LongAdder DROPPED = new LongAdder();

    private final int fd;
    private final OutputStream stream;
    /** Since the last write that found room. */
    private long dropped;

    Console(int fd, OutputStream stream) {
        this.fd = fd;
        this.stream = stream;
    }

    /** Has all that this process prints from now on go over such streams. */
    public static void install() {
        System.setOut(print(new Console(OUT, new FileOutputStream(FileDescriptor.out)), System.out));
        System.setErr(print(new Console(ERR, new FileOutputStream(FileDescriptor.err)), System.err));
    }

    private static PrintStream print(Console console, PrintStream before) {
        return new PrintStream(console, true, before.charset());
    }

    /** How many writes found no room since the process started, on all such streams. */
    public static long droppedWrites() {
        return DROPPED.sum();
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[]{(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        for (int at = 0; at < length; at += CHUNK_BYTES) {
            if (!hasRoom()) {
                drop();
                return;
            }
            if (dropped > 0) {
                byte[] told = "(%d writes to a full console were dropped)%n".formatted(dropped)
                        .getBytes(StandardCharsets.UTF_8);
                dropped = 0;
                stream.write(told);
                if (!hasRoom()) {
                    drop();
                    return;
                }
            }
            stream.write(bytes, offset + at, Math.min(CHUNK_BYTES, length - at));
        }
    }

    private void drop() {
        dropped++;
        DROPPED.increment();
    }

    private boolean hasRoom() {
        return (Poll.now(fd, Poll.POLLOUT) & (Poll.POLLOUT | Poll.POLLERR)) != 0;
    }
}
