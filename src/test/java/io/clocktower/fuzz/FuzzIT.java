package io.clocktower.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs the fuzzer on each target, from the kept inputs on. An input that fails is left in {@code target/fuzz}; it belongs
 * into the kept inputs once the error is mended. New inputs that reach more code are left there too.
 */
class FuzzIT {

    private static final Logger LOG = Logger.getLogger(FuzzIT.class);
    /** How long to try each target; 0 for a short run. */
    private static final int SECONDS = Integer.getInteger("fuzz.seconds", 0);
    /** Of HotSpot. A short run is mostly start, for which its first compiler is enough. */
    private static final int COMPILATION_LEVEL = SECONDS > 0 ? 4 : 1;
    private static final int MAX_BYTES = 4096;
    private static final int SLOWEST_INPUT_SECONDS = 300;
    private static final Pattern EXECUTIONS = Pattern.compile("(?m)^#(\\d+)\\tDONE");
    private static final int TOLD_CHARACTERS = 4_000;

    @TempDir
    private static Path directory;
    /** One a processor. */
    private static ExecutorService threads;
    private static final Map<FuzzTarget, Future<Ended>> RUNS = new EnumMap<>(FuzzTarget.class);

    private record Ended(int status, String told) {}

    @BeforeAll
    static void start() {
        threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        for (FuzzTarget target : FuzzTarget.values()) {
            RUNS.put(target, threads.submit(() -> run(target)));
        }
    }

    @AfterAll
    static void stop() {
        threads.shutdownNow();
        threads.close();
    }

    @ParameterizedTest
    @EnumSource
    void noInputEndsInAnErrorThatIsNotExpected(FuzzTarget target) throws Exception {
        Ended ended = RUNS.get(target).get();
        String told = ended.told();
        assertEquals(0, ended.status(), () -> told.substring(Math.max(0, told.length() - TOLD_CHARACTERS)));
        Matcher done = EXECUTIONS.matcher(told);
        assertTrue(done.find(), told);
        LOG.infof("%s: %s inputs", target.directory(), done.group(1));
    }

    private static Ended run(FuzzTarget target) throws Exception {
        Path kept = Path.of("src/test/resources/fuzz", target.directory());
        Path found = Files.createDirectories(Path.of("target/fuzz", target.directory()));
        Path log = directory.resolve(target.directory());
        var command = Stream.concat(
                Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
                        "-XX:TieredStopAtLevel=" + COMPILATION_LEVEL, "--enable-native-access=ALL-UNNAMED",
                        "-XX:+EnableDynamicAgentLoading",
                        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                        "-classpath", System.getProperty("java.class.path"), "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + target.type.getName(), "--instrumentation_includes=io.clocktower.**",
                        "--reproducer_path=" + directory, "-artifact_prefix=" + found + "/crash-", "-rss_limit_mb=0",
                        "-timeout=" + SLOWEST_INPUT_SECONDS, "-max_len=" + MAX_BYTES,
                        SECONDS > 0 ? "-max_total_time=" + SECONDS : "-runs=" + target.shortRun,
                        "-print_final_stats=1", found.toString()),
                Files.isDirectory(kept) ? Stream.of(kept.toString()) : Stream.<String>empty()).toList();
        Process fuzzer = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            return new Ended(fuzzer.waitFor(), Files.readString(log, StandardCharsets.ISO_8859_1));
        } finally {
            fuzzer.destroyForcibly();
        }
    }
}
