package io.clocktower.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionTest {

    private static final List<String> KNOWN = List.of("shutdown-grace", "state-dir", "socket-dir", "pollWindow", "name",
            "labels", "type");

    @ParameterizedTest
    @CsvSource({"shutdown-grase,shutdown-grace", "shutdowngrace,shutdown-grace", "SHUTDOWN_GRACE,shutdown-grace",
            "statedir,state-dir", "poll-window,pollWindow", "pol-window,pollWindow", "nmae,name", "nam,name",
            "label,labels",
            "tpye,type"})
    void aTypoIsToldTheKnownName(String unknown, String known) {
        assertEquals(Optional.of(known), Suggestion.nearest(unknown, KNOWN));
        assertEquals(" (did you mean '" + known + "'?)", Suggestion.of(unknown, KNOWN));
    }

    @Test
    void aNameThatIsLikeNoneIsToldAll() {
        assertEquals(", expected one of a1, b1", Suggestion.of("colour", List.of("b1", "a1")));
        assertEquals(", expected one of a", Suggestion.of("", List.of("a")));
        assertEquals("", Suggestion.of("x", List.of()));
        assertEquals(Optional.empty(), Suggestion.nearest("name".repeat(10_000), KNOWN));
    }
}
