package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.linux.StartPages.Mapping;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartPagesTest {

    private static final String SMAPS = """
            7f0000000000-7f0000002000 r--p 00000000 08:01 12 /opt/clocktower/clocktower.aot
            Size:                  8 kB
            Rss:                   8 kB
            Anonymous:             0 kB
            7f0000002000-7f0000004000 rw-p 00002000 08:01 12 /opt/clocktower/clocktower.aot
            Anonymous:             0 kB
            7f0000010000-7f0000013000 r-xp 00000000 08:01 13 /usr/lib/jvm/my jvm/lib/server/libjvm.so
            Anonymous:             0 kB
            7f0000013000-7f0000014000 r--p 00003000 08:01 13 /usr/lib/jvm/my jvm/lib/server/libjvm.so
            Anonymous:             4 kB
            7f0000020000-7f0000021000 r--s 00000000 08:01 14 /usr/lib/jvm/lib/modules.aot
            Anonymous:             0 kB
            7f0000030000-7f0000031000 r--p 00000000 00:00 0
            Anonymous:             0 kB
            7f0000040000-7f0000041000 r--p 00000000 08:01 15 /etc/other
            Anonymous:             0 kB
            """;

    /** A page that was written, for example by the dynamic linker, exists nowhere else. */
    @Test
    void onlyMappingsThatAreAsTheirFilesAreReleased() {
        assertEquals(List.of(new Mapping(0x7f0000000000L, 0x2000), new Mapping(0x7f0000010000L, 0x3000)),
                StartPages.unchanged(SMAPS.lines(), file -> file.endsWith(".aot") || file.endsWith("/libjvm.so")));
    }
}
