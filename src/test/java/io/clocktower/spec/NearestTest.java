package io.clocktower.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {

    private static final List<String> KEYS = List.of("state-dir", "socket-dir", "shutdown-grace", "devices.*.socket",
            "devices.*.poll-window", "devices.*.clocks[*].alarm", "http.allowed-hosts");

    @ParameterizedTest
    @CsvSource({"shutdown-grase, shutdown-grace", "statedir, state-dir", "sockte-dir, socket-dir",
            "devices.vm0.polwindow, devices.vm0.poll-window", "devices.vm0.sokcet, devices.vm0.socket",
            "devcies.vm0.socket, devices.vm0.socket", "devices.a.b.sockets, devices.a.b.socket",
            "devices.vm0.clocks[1].alam, devices.vm0.clocks[1].alarm"})
    void theNearestNameIsToldWithTheNamesThatWereGiven(String given, String nearest) {
        assertEquals(Optional.of(nearest), Nearest.of(given, KEYS));
    }

    @Test
    void aNameThatIsFarFromAllHasNone() {
        assertEquals(Optional.empty(), Nearest.of("colour", KEYS));
        assertEquals(Optional.empty(), Nearest.of("x", List.of()));
        assertEquals("", Nearest.question("colour", KEYS));
    }

    @Test
    void theNearestIsAskedFor() {
        assertEquals(" (did you mean 'state-dir'?)", Nearest.question("state_dir", KEYS));
    }

    /** One that is as near as another: the first in the order of the alphabet, always the same. */
    @Test
    void ofTwoThatAreAsNearItIsTheFirst() {
        assertEquals(Optional.of("ab"), Nearest.of("aa", List.of("ac", "ab")));
    }
}
