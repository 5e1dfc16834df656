package io.clocktower.clock;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LeapSecondsListTest {

    private static final String EXPIRY = "#@\t4023129600\n";
    private static final String FIRST = "2272060800 10\n";

    /** The list of July 2026, with the hash that the IERS published for it. */
    static String golden() {
        try (InputStream in = LeapSecondsListTest.class.getResourceAsStream("leap-seconds.list")) {
            return new String(in.readAllBytes(), ISO_8859_1);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The golden list with another expiry and more entries, and the hash of that. */
    static String fresher(String expiry, String... entries) {
        String list = golden().replace("4023129600", expiry);
        return hashed(list.substring(0, list.indexOf("#h")) + String.join("\n", entries) + "\n");
    }

    /** A list and the hash of it. */
    static String hashed(String list) {
        StringBuilder digits = new StringBuilder();
        list.lines().map(line -> line.startsWith("#$") || line.startsWith("#@") ? line.substring(2) : line)
                .forEach(line -> digits.append(line.replaceAll("#.*|\\s", "")));
        try {
            byte[] sha1 = MessageDigest.getInstance("SHA-1").digest(digits.toString().getBytes(ISO_8859_1));
            return list + "#h\t" + HexFormat.of().formatHex(sha1).replaceAll("(.{8})", "$1 ") + "\n";
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static LeapSecondsList parse(String list) throws LeapSecondsFormatException {
        return LeapSecondsList.parse(list.getBytes(ISO_8859_1), "test");
    }

    private static String refusal(String list) {
        return assertThrows(LeapSecondsFormatException.class, () -> parse(list)).getMessage();
    }

    @Test
    void thePublishedListIsTheBuiltInTable() throws Exception {
        LeapSecondsList list = parse(golden());

        assertTrue(list.hashed());
        assertEquals(LeapSeconds.builtIn().entries(), list.leapSeconds().entries());
        assertEquals(LeapSeconds.builtIn().expiresAt(), list.leapSeconds().expiresAt());
        assertEquals("test", list.leapSeconds().source());
    }

    @Test
    void carriageReturnsAndBlankLinesDoNotMatter() throws Exception {
        assertTrue(parse(golden().replace("\n", " \r\n\r\n")).hashed());
    }

    @Test
    void aHashMayLackLeadingZerosOfItsWords() throws Exception {
        // The digits of this list have a SHA-1 with a zero at the start of a word, as some published ones had.
        String list = null;
        for (int expiry = 0; list == null || !list.matches("(?s).*[\\t ]0[0-9a-f]{7} .*"); expiry++) {
            list = fresher("402312" + (1000 + expiry));
        }
        String shortened = list.replaceFirst("([\\t ])0+([0-9a-f]{1,7} )", "$1$2");

        assertTrue(shortened.length() < list.length());
        assertTrue(parse(shortened).hashed());
    }

    @Test
    void aListWithoutHashIsReadAndSaidToHaveNone() throws Exception {
        LeapSecondsList list = parse(EXPIRY + FIRST + "2287785600\t11 # 1 Jul 1972\n#hash it yourself");

        assertFalse(list.hashed());
        assertEquals(2, list.leapSeconds().entries().size());
        assertEquals(Instant.parse("2027-06-28T00:00:00Z"), list.leapSeconds().expiresAt());
    }

    @Test
    void aNegativeLeapSecondIsRead() throws Exception {
        LeapSeconds table = parse(fresher("4054752000", "4039286400 36")).leapSeconds();

        assertEquals(36, table.entries().getLast().taiMinusUtcSeconds());
    }

    @Test
    void aHashThatDoesNotMatchIsRefusedWhateverDigitWasChanged() {
        String golden = golden();
        String sha1 = "a9bad145 84c31c70 758402aa b37bfd54 5923836a";
        assertEquals("its SHA-1 is not the one in its line #h", refusal(golden.replace(sha1, sha1.replace('a', 'b'))));
        assertEquals("its SHA-1 is not the one in its line #h", refusal(golden.replace("3992312697", "3992312698")));
        for (String line : golden.lines().filter(line -> !line.startsWith("#\t")).toList()) {
            for (int i = 0; i < line.length() && line.charAt(i) != ' '; i++) {
                if (Character.isDigit(line.charAt(i))) {
                    char other = line.charAt(i) == '9' ? '0' : (char) (line.charAt(i) + 1);
                    refusal(golden.replace(line, line.substring(0, i) + other + line.substring(i + 1)));
                }
            }
        }
    }

    @Test
    void aListTornAnywhereIsRefusedOrSaidToHaveNoHash() {
        String golden = golden();
        for (int length = 0; length < golden.length() - 1; length++) {
            String torn = golden.substring(0, length);
            try {
                assertFalse(parse(torn).hashed(), () -> "torn after " + torn);
            } catch (LeapSecondsFormatException e) {
                assertFalse(e.getMessage().isBlank());
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
            "''; holds no entry",
            "#@ 4023129600; holds no entry",
            "2272060800 10; has no line #@ with the time of its expiry",
            "#@ 2272060799|2272060800 10; expires at 1971-12-31T23:59:59Z, before its last entry",
            "#@ 4023129600|#@ 4023129600|2272060800 10; line 2: a second line #@",
            "#$ 1|#$ 1|2272060800 10; line 2: a second line #$",
            "#h 1 2 3 4 5|#h 1 2 3 4 5; line 2: a second line #h",
            "#@; line 1: expected the time of the expiry",
            "#@ -1; line 1: expected the time of the expiry",
            "#@ 999999999999; line 1: expected the time of the expiry",
            "#$ today; line 1: expected the time of the last change",
            "#h 1 2 3 4; line 1: expected the five words of a SHA-1",
            "#h 1 2 3 4 123456789; line 1: expected the five words of a SHA-1",
            "#h; line 1: expected the five words of a SHA-1",
            "2272060800; line 1: expected seconds since 1900 and TAI - UTC",
            "2272060800 10 11; line 1: expected seconds since 1900 and TAI - UTC",
            "2272060800 -10; line 1: expected seconds since 1900 and TAI - UTC",
            "2272060800 99999999999; line 1: expected seconds since 1900 and TAI - UTC",
            "99999999999999999999 10; line 1: expected seconds since 1900 and TAI - UTC",
            "2272060800 10|3692217600; line 2: expected seconds since 1900 and TAI - UTC",
            "2240524800 9; line 1: the first entry must be 1972-01-01 with 10 s, not 1971-01-01T00:00 with 9 s",
            "2272060800 11; line 1: the first entry must be 1972-01-01 with 10 s, not 1972-01-01T00:00 with 11 s",
            "2287785600 11; line 1: the first entry must be 1972-01-01 with 10 s, not 1972-07-01T00:00 with 11 s",
            "2272060800 10|2272060800 11; "
                    + "line 2: 1972-01-01T00:00 with 11 s does not come after 1972-01-01T00:00 with 10 s",
            "2272060800 10|2303683200 11|2287785600 12; "
                    + "line 3: 1972-07-01T00:00 with 12 s does not come after 1973-01-01T00:00 with 11 s",
            "2272060800 10|2287785600 10; "
                    + "line 2: 1972-07-01T00:00 with 10 s is not one second more or less "
                    + "than 1972-01-01T00:00 with 10 s",
            "2272060800 10|2287785600 12; "
                    + "line 2: 1972-07-01T00:00 with 12 s is not one second more or less "
                    + "than 1972-01-01T00:00 with 10 s",
            "2272060800 10|2287785600 8; "
                    + "line 2: 1972-07-01T00:00 with 8 s is not one second more or less "
                    + "than 1972-01-01T00:00 with 10 s",
            "2272060800 10|2287785601 11; line 2: 1972-07-01T00:00:01 with 11 s is not the first midnight of a month",
            "2272060800 10|2287872000 11; line 2: 1972-07-02T00:00 with 11 s is not the first midnight of a month",
            "2272060800 10|11423635200 11; line 2: 2262-01-01T00:00 with 11 s is too far in the future",
            "2272060800 10|99999999999 11; line 2: 5068-11-15T09:46:39 with 11 s is too far in the future"})
    void nonsenseIsRefusedWithItsReason(String list, String reason) {
        assertEquals(reason, refusal(list.replace('|', '\n')));
    }

    @ParameterizedTest
    @ValueSource(strings = {"#", "x", "\n", "1", " ", "#@ 4023129600\n", "2272060800 10\n"})
    void megabytesAreRefused(String content) {
        refusal(content.repeat(5_000_000 / content.length()));
    }

    @Test
    void theLongestListIsReadInReasonableTimeWhateverIsInIt() {
        for (String content : new String[]{" ", "1", "1 ", " 1", "#h ", "#h 1", "#h 1 1 1 1 1 ", "#@ ", "\r",
                "\t1\t"}) {
            refusal(content + content.repeat(LeapSecondsList.MAX_BYTES / content.length() - 1));
        }
    }

    @Test
    void randomBytesAndRandomEditsAreReadAsATableOrRefused() {
        Random random = new Random(2_272_060_800L);
        byte[] golden = golden().getBytes(ISO_8859_1);
        for (int i = 0; i < 20_000; i++) {
            byte[] list = golden.clone();
            if (i % 10 == 0) {
                random.nextBytes(list);
            }
            for (int edit = random.nextInt(4); edit >= 0; edit--) {
                list[random.nextInt(list.length)] = (byte) random.nextInt(256);
            }
            try {
                LeapSecondsList parsed = LeapSecondsList.parse(list, "random");
                if (parsed.hashed()) {
                    assertEquals(LeapSeconds.builtIn().entries(), parsed.leapSeconds().entries());
                    assertEquals(LeapSeconds.builtIn().expiresAt(), parsed.leapSeconds().expiresAt());
                }
            } catch (LeapSecondsFormatException e) {
                assertFalse(e.getMessage().isBlank());
            }
        }
    }
}
