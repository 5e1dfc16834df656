package io.clocktower.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which boot of the host this is: CLOCK_BOOTTIME counts from it. */
final class BootId {

    private static final Path FILE = Path.of("/proc/sys/kernel/random/boot_id");

    private BootId() {}

    /** The id; where the kernel does not tell, one that no boot has. */
    static String read() {
        try {
            return Files.readString(FILE).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
