package io.clocktower;

import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The file from which the JVM takes loaded classes and the profiles of their methods, so that it starts in a fraction of the
 * time. The build makes it, for one JVM, its options, and these jars. A JVM that cannot use it starts without it. A native
 * executable has no such file.
 */
final class AotCache {

    private static final String NATIVE_EXECUTABLE = "org.graalvm.nativeimage.imagecode";
    private static final String OPTION = "-XX:AOTCache=";
    private static final String NAME = "clocktower.aot";
    private static final String RECORDING = "-XX:AOTCacheOutput=";
    /** What the JVM says of itself if it uses the cache, and also if none is asked for and it uses its own. */
    private static final String SHARING = "sharing";

    private AotCache() {}

    /** Why this JVM started without the cache, in one line; nothing if it uses it, or is making it. */
    static Optional<String> whyNotUsed() {
        if (System.getProperty(NATIVE_EXECUTABLE) != null) {
            return Optional.empty();
        }
        return whyNotUsed(ManagementFactory.getRuntimeMXBean().getInputArguments(),
                System.getProperty("java.vm.info", ""), file());
    }

    static Optional<String> whyNotUsed(List<String> options, String vmInfo, Path file) {
        if (options.stream().anyMatch(option -> option.startsWith(RECORDING))) {
            return Optional.empty();
        }
        Optional<String> asked = options.stream().filter(option -> option.startsWith(OPTION))
                .map(option -> option.substring(OPTION.length())).reduce((_, last) -> last);
        if (asked.isPresent()) {
            return vmInfo.contains(SHARING)
                    ? Optional.empty()
                    : Optional.of("the AOT cache %s does not fit this JVM or its options (-Xlog:aot says why)"
                            .formatted(asked.get()));
        }
        return Optional.of(Files.exists(file)
                ? "the AOT cache %s is not used: it was made of other jars, or the service was not started by %s"
                        .formatted(file, file.resolveSibling("clocktower"))
                : "there is no AOT cache %s".formatted(file));
    }

    /** This class is in a jar of {@code app}, which is in the application's directory. */
    private static Path file() {
        Path jar = Path.of(URI.create(AotCache.class.getProtectionDomain().getCodeSource().getLocation().toString()));
        return jar.resolve("../../").resolve(NAME).normalize();
    }

    /** Whether a mapped file is the cache. */
    static boolean isCache(String file) {
        return file.endsWith("/" + NAME);
    }
}
