package io.clocktower.clock;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.NewestLeapSeconds.Ignored;
import io.clocktower.clock.NewestLeapSeconds.Why;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewestLeapSecondsTest {

    /** 2028-06-28, and a leap second at the end of 2027. */
    private static final String EXPIRY = "4054752000";
    private static final String ENTRY = "4039286400 38";

    @TempDir
    private Path directory;
    private Path list;

    @BeforeEach
    void nameTheList() {
        list = directory.resolve("leap-seconds.list");
    }

    private NewestLeapSeconds newestWith(String content) throws IOException {
        Files.writeString(list, content, ISO_8859_1);
        return NewestLeapSeconds.of(List.of(list));
    }

    private void assertIgnored(NewestLeapSeconds newest, Why why, String reason) {
        assertSame(LeapSeconds.builtIn(), newest.leapSeconds());
        assertEquals(List.of(new Ignored(list, why, reason)), newest.ignored());
    }

    @Test
    void aListThatExpiresLaterThanTheBuiltInTableIsUsed() throws Exception {
        NewestLeapSeconds newest = newestWith(LeapSecondsListTest.fresher(EXPIRY, ENTRY));

        assertEquals(List.of(), newest.ignored());
        assertEquals(list.toString(), newest.leapSeconds().source());
        assertEquals(Instant.parse("2028-06-28T00:00:00Z"), newest.leapSeconds().expiresAt());
        assertEquals(38, newest.leapSeconds().taiMinusUtcSecondsAtTai(1_830_297_637_000_000_000L));
    }

    @Test
    void theListThatExpiresLastIsUsedInWhateverOrderTheyAreGiven() throws Exception {
        Path other = directory.resolve("other.list");
        Files.writeString(list, LeapSecondsListTest.fresher(EXPIRY, ENTRY));
        Files.writeString(other, LeapSecondsListTest.fresher("4054752001", ENTRY));

        for (List<Path> lists : List.of(List.of(list, other), List.of(other, list))) {
            NewestLeapSeconds newest = NewestLeapSeconds.of(lists);
            assertEquals(other.toString(), newest.leapSeconds().source());
            assertEquals(List.of(new Ignored(list, Why.NOT_FRESHER, "expires at 2028-06-28T00:00:00Z, no later than "
                    + other + " at 2028-06-28T00:00:01Z")), newest.ignored());
        }
    }

    @Test
    void aListNoFresherThanTheBuiltInTableIsNotUsed() throws Exception {
        assertIgnored(newestWith(LeapSecondsListTest.golden()), Why.NOT_FRESHER,
                "expires at 2027-06-28T00:00:00Z, no later than built-in at 2027-06-28T00:00:00Z");
    }

    @Test
    void aFileThatIsAbsentIsNoFault() {
        assertIgnored(NewestLeapSeconds.of(List.of(list)), Why.ABSENT, "there is no such file");
    }

    @Test
    void withoutAnyListTheBuiltInTableIsUsed() {
        assertEquals(new NewestLeapSeconds(LeapSeconds.builtIn(), List.of()), NewestLeapSeconds.of(List.of()));
    }

    @Test
    void aListTornAnywhereIsNotUsed() throws Exception {
        String whole = LeapSecondsListTest.fresher(EXPIRY, ENTRY);
        for (int length = 0; length < whole.stripTrailing().length(); length += 7) {
            NewestLeapSeconds newest = newestWith(whole.substring(0, length));
            assertSame(LeapSeconds.builtIn(), newest.leapSeconds());
            assertEquals(Why.REFUSED, newest.ignored().getFirst().why());
        }
        assertIgnored(newestWith(whole.substring(0, whole.indexOf("#h"))), Why.REFUSED,
                "has no line #h with its SHA-1, so it may have lost its end");
    }

    @Test
    void anEditedListIsNotUsed() throws Exception {
        assertIgnored(newestWith(LeapSecondsListTest.fresher(EXPIRY, ENTRY).replace(EXPIRY, "4054752001")), Why.REFUSED,
                "its SHA-1 is not the one in its line #h");
    }

    @Test
    void aListThatRewritesThePastIsNotUsed() throws Exception {
        assertIgnored(newestWith(LeapSecondsListTest.hashed("#@ 4054752000\n2272060800 10\n2287785600 9\n")),
                Why.REFUSED,
                "contradicts the leap seconds of 1972 to 2017");
    }

    @Test
    void aFileOfMegabytesIsNotUsed() throws Exception {
        assertIgnored(newestWith(LeapSecondsListTest.fresher(EXPIRY, ENTRY) + "#\n".repeat(1_000_000)), Why.REFUSED,
                "longer than 65536 bytes");
    }

    @Test
    void whatIsNoRegularFileIsNotOpened() {
        NewestLeapSeconds newest = NewestLeapSeconds.of(List.of(directory, Path.of("/dev/zero")));

        assertSame(LeapSeconds.builtIn(), newest.leapSeconds());
        assertTrue(newest.ignored().stream().allMatch(ignored -> ignored.reason().equals("not a regular file")));
        assertEquals(2, newest.ignored().size());
    }
}
