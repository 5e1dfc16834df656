package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Pages of mapped files that the start of the process has read. Most are not read again, and they count as this process's
 * memory as long as they are in its page tables.
 */
public final class StartPages {

    private static final Path MAPPINGS = Path.of("/proc/self/smaps");
    /** Address range, permissions, offset, device, inode, path: of a private mapping that cannot be written. */
    private static final Pattern READ_ONLY_FILE = Pattern.compile("(\\w+)-(\\w+) r-.p \\S+ \\S+ \\d+ +(/.*)");
    private static final Pattern MAPPING = Pattern.compile("\\w+-\\w+ .*");
    /** Pages that are not the file's: what was written before the mapping was made read-only. */
    private static final Pattern COPIES = Pattern.compile("Anonymous: +(\\d+) kB");
    private static final int MADV_DONTNEED = 4;
    private static final MethodHandle MADVISE = NativeCalls.plain("madvise",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

    private StartPages() {}

    /** A mapping of a file whose pages are all as in the file. */
    record Mapping(long address, long bytes) {}

    /**
     * Takes the pages of some files out of the page tables. One that is read again is taken from the kernel's page cache.
     * Only mappings that hold nothing but the file's content are touched.
     *
     * @param isReleased of a file's path
     */
    public static void release(Predicate<String> isReleased) {
        List<Mapping> mappings;
        try (Stream<String> lines = Files.lines(MAPPINGS)) {
            mappings = unchanged(lines, isReleased);
        } catch (IOException e) {
            return;
        }
        for (Mapping mapping : mappings) {
            try {
                // What fails leaves the pages where they are.
                int _ = (int) MADVISE.invokeExact(mapping.address, mapping.bytes, MADV_DONTNEED);
            } catch (Throwable thrown) {
                throw NativeCalls.unexpected(thrown);
            }
        }
    }

    /** Of the lines of smaps. */
    static List<Mapping> unchanged(Stream<String> lines, Predicate<String> isWanted) {
        var found = new ArrayList<Mapping>();
        Mapping at = null;
        for (String line : (Iterable<String>) lines::iterator) {
            Matcher file = READ_ONLY_FILE.matcher(line);
            Matcher copies = COPIES.matcher(line);
            if (file.matches()) {
                long address = Long.parseUnsignedLong(file.group(1), 16);
                at = isWanted.test(file.group(3))
                        ? new Mapping(address, Long.parseUnsignedLong(file.group(2), 16) - address)
                        : null;
            } else if (MAPPING.matcher(line).matches()) {
                at = null;
            } else if (at != null && copies.matches()) {
                if (copies.group(1).equals("0")) {
                    found.add(at);
                }
                at = null;
            }
        }
        return found;
    }
}
