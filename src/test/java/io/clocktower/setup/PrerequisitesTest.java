package io.clocktower.setup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What bin/demo and bin/test do about programs that are missing. */
class PrerequisitesTest {

    private static final Path SCRIPT = Path.of(System.getProperty("basedir", "")).toAbsolutePath()
            .resolve("bin/prerequisites");
    private static final String MISSING = "demo: install no-such-a, no-such-b"
            + " (on Debian 13, as root: apt-get install no-such-a no-such-b)";

    private record End(int status, List<String> output) {}

    private static End run(String commands) throws Exception {
        Process shell = new ProcessBuilder("bash", "-euc", ". \"$1\"\n" + commands, "/x/demo", SCRIPT.toString())
                .redirectErrorStream(true).start();
        List<String> output = new String(shell.getInputStream().readAllBytes(), UTF_8).lines().toList();
        return new End(shell.waitFor(), output);
    }

    @Test
    void whatIsMissingIsNamedInOneLine() throws Exception {
        assertEquals(new End(1, List.of(MISSING)), run("require bash no-such-a no-such-b; echo after"));
        assertEquals(new End(1, List.of(MISSING)),
                run("can_install() { false; }\nrequire_or_install no-such-a bash no-such-b; echo after"));
    }

    @Test
    void asRootOnDebianItIsInstalled() throws Exception {
        assertEquals(new End(0, List.of("demo: installing no-such-a", "-q update",
                "-q install -y --no-install-recommends ca-certificates no-such-a", "after")), run("""
                        can_install() { true; }
                        apt-get() { echo "$*"; [[ $* == *update* ]] || no-such-a() { :; }; }
                        require_or_install bash no-such-a; echo after
                        """));
    }

    @Test
    void whatCannotBeInstalledIsNamed() throws Exception {
        assertEquals(new End(1, List.of("demo: installing no-such-a", "demo: apt-get cannot install no-such-a")),
                run("can_install() { true; }\napt-get() { false; }\nrequire_or_install no-such-a; echo after"));
    }

    @Test
    void nothingIsInstalledWhereNothingIsMissing() throws Exception {
        assertEquals(new End(0, List.of("after")),
                run("apt-get() { echo installed; }\nrequire_or_install jdk bash; [[ -x $java ]]; echo after"));
    }
}
