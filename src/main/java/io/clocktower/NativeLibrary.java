package io.clocktower;

import io.clocktower.linux.LinuxException;
import io.clocktower.linux.AnonymousFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.newsclub.net.unix.AFSocket;

/**
 * junixsocket's native library. The packaged application has it unpacked, in {@code native} beside its jar, and a native
 * executable holds it, so that it needs no directory to unpack it into: a root file system may be read-only, and /tmp mounted
 * noexec.
 */
final class NativeLibrary {

    /** The property that names the library that junixsocket loads. */
    private static final String OVERRIDE = "org.newsclub.net.unix.library.override";
    private static final String FILE = "libjunixsocket-native.so";
    private static final Pattern REASON = Pattern.compile("Suppressed: java\\.lang\\.UnsatisfiedLinkError: (.+)");

    private NativeLibrary() {}

    /**
     * Loads the unpacked library, or that of the executable, or the one that the command line names, or else, as junixsocket
     * does, one from the jar by way of a temporary file.
     *
     * @return why it could not be loaded, in one line
     */
    static Optional<String> load() {
        try (InputStream held = NativeLibrary.class.getResourceAsStream("/" + FILE)) {
            if (held == null) {
                return load(unpacked());
            }
            try (var file = new AnonymousFile(FILE, held.readAllBytes())) {
                return load(Optional.of(file.path()));
            }
        } catch (IOException | LinuxException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static Optional<String> load(Optional<Path> library) {
        if (System.getProperty(OVERRIDE) == null) {
            library.ifPresent(file -> System.setProperty(OVERRIDE, file.toString()));
        }
        PrintStream errors = System.err;
        var said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            return AFSocket.isSupported()
                    ? Optional.empty()
                    : Optional.of(reason(said.toString(StandardCharsets.UTF_8)));
        } finally {
            System.setErr(errors);
        }
    }

    /** Beside the jar that the JVM was started with. In a test that is no such jar. */
    private static Optional<Path> unpacked() {
        return Optional.of(Path.of(System.getProperty("java.class.path")).toAbsolutePath()
                .resolveSibling(Path.of("native", System.getProperty("os.arch"), FILE))).filter(Files::isReadable);
    }

    /** junixsocket prints a stack trace; the first thing that it tried and that failed is the reason. */
    private static String reason(String said) {
        return REASON.matcher(said).results().map((MatchResult tried) -> tried.group(1).strip()).findFirst()
                .orElse("not supported on " + System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    }
}
