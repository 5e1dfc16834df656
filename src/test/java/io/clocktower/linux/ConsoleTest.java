package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.Libc;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.FileDescriptorCast;

class ConsoleTest {

    private static final byte[] LINE = "a line of the log\n".getBytes(StandardCharsets.UTF_8);
    private static final int LINES = 100_000;

    @TempDir
    private Path directory;

    @Test
    void aPipeThatNobodyReadsStopsNoWriterAndIsToldWhatItMissed() throws Exception {
        Path pipe = directory.resolve("pipe");
        Libc.makeFifo(pipe.toString());
        // Open for both, as neither end can be opened without the other.
        try (var both = new RandomAccessFile(pipe.toFile(), "rw"); var reader = new FileInputStream(pipe.toFile())) {
            int fd = FileDescriptorCast.using(both.getFD()).as(Integer.class);
            long droppedBefore = Console.droppedWrites();
            var console = new Console(fd, new FileOutputStream(both.getFD()));
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
                for (int i = 0; i < LINES; i++) {
                    console.write(LINE);
                }
            });
            int written = reader.available();
            assertTrue(written > 0);
            String before = new String(reader.readNBytes(written), StandardCharsets.UTF_8);
            long lines = before.lines().count();
            assertEquals(before.length(), lines * LINE.length, "whole lines");
            assertEquals(LINES - lines, Console.droppedWrites() - droppedBefore);
            console.write(LINE);
            assertEquals("(%d writes to a full console were dropped)%na line of the log%n".formatted(LINES - lines),
                    new String(reader.readNBytes(reader.available()), StandardCharsets.UTF_8));
        }
    }
}
