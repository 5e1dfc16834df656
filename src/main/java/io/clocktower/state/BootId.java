package io.clocktower.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Identifies a boot of the host, from which CLOCK_BOOTTIME counts.
 *
 * @param id empty if the kernel does not tell it
 */
public record BootId(Optional<String> id) {

    private static final Path FILE = Path.of("/proc/sys/kernel/random/boot_id");

    /** That of this boot. */
    public static BootId read() {
        return read(FILE);
    }

    static BootId read(Path file) {
        try {
            return of(Files.readString(file).strip());
        } catch (IOException e) {
            return of("");
        }
    }

    /** As it was written; an empty text is an unknown boot. */
    public static BootId of(String text) {
        return new BootId(Optional.of(text).filter(id -> !id.isEmpty()));
    }

    /** Whether both are certainly the same boot: an unknown boot is the same as no other, unknown ones included. */
    public boolean isSameAs(BootId other) {
        return id.isPresent() && id.equals(other.id);
    }

    /** As it is written. */
    @Override
    public String toString() {
        return id.orElse("");
    }
}
