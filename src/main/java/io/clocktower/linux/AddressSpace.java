package io.clocktower.linux;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How much a process can map: the kernel's limits, read once at the start. */
public final class AddressSpace {

    private static final Path MAX_MAP_COUNT = Path.of("/proc/sys/vm/max_map_count");
    private static final Path MAPS = Path.of("/proc/self/maps");
    private static final int LONGEST_NUMBER_BYTES = 32;
    /** The kernel's default. */
    private static final long USUAL_MAPPINGS = 65_530;
    /** Four levels of page tables of 4 KiB. */
    private static final long USUAL_BYTES = 1L << 47;

    private AddressSpace() {}

    /** How many mappings this process may have (vm.max_map_count). */
    public static long maxMappings() {
        // The kernel gives the number to the first read alone, however short that is.
        byte[] text = new byte[LONGEST_NUMBER_BYTES];
        try (InputStream file = Files.newInputStream(MAX_MAP_COUNT)) {
            int length = file.read(text);
            return Long.parseLong(new String(text, 0, Math.max(0, length), StandardCharsets.US_ASCII).strip());
        } catch (IOException | NumberFormatException e) {
            return USUAL_MAPPINGS;
        }
    }

    /** How many bytes this process can map at the most. The stack lies near the end of the address space. */
    public static long bytes() {
        try (Stream<String> mappings = Files.lines(MAPS)) {
            return mappings.filter(line -> line.endsWith("[stack]"))
                    .mapToLong(line -> Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16)).findFirst()
                    .stream().map(stack -> Long.highestOneBit(stack) << 1).findFirst().orElse(USUAL_BYTES);
        } catch (IOException | NumberFormatException e) {
            return USUAL_BYTES;
        }
    }
}
