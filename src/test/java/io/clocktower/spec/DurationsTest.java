package io.clocktower.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {

    private static final int TRIES = 20_000;

    @ParameterizedTest
    @CsvSource({"5m,PT5M", "500ms,PT0.5S", "50us,PT0.00005S", "10ns,PT0.00000001S", "1h30m,PT1H30M", "2d,PT48H",
            "1d2h3m4s5ms6us7ns,PT26H3M4.005006007S", "1.5s,PT1.5S", "0s,PT0S", "-5m,PT-5M", "+5m,PT5M", "-1.5s,PT-1.5S",
            "-1h30m,PT-1H-30M", "90m,PT1H30M", "PT5M,PT5M", "-PT5M,PT-5M", "PT-5M,PT-5M", "P1D,PT24H", "pt5m,PT5M",
            "p1dt0.5s,PT24H0.5S", "P1DT12H,PT36H",
            "-P1D,PT-24H", "PT0.5S,PT0.5S", "PT-9223372036854775808S,PT-2562047788015215H-30M-8S",
            "9223372036854775807s,PT2562047788015215H30M7S"})
    void isReadInShortAndInIsoForm(String text, Duration expected) {
        assertEquals(expected, Durations.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "5", "0", "-5", "5.5", "1M", "5M", "P1M", "p1m", "P1Y", "1y", "1Y", "1mo", "1w",
            "P1W",
            "1month", " PT1S", "PT1S ", " 5m", "5m ", "5 m", "5H", "1D", "5sec", "5m1h", "5m5m", "1.5m",
            ".5s", "5.s", "1.0000000001s", "--5m", "-", "P", "PT", "P1", "m", "5m\n", "٥m", "1 day", "soon"})
    void whatHasNoUnitsOrBlanksOrMonthsIsRefused(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Durations.parse(text)).getMessage();

        assertEquals(Texts.quoted(text) + ", expected a duration with units, such as 5m, 1h30m, 500ms, 50us, 2d or PT5M"
                + " (no months or years)", message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT9999999999999999H", "9223372036854775808s", "-9223372036854775809s",
            "99999999999999999999999999999999999999d"})
    void whatIsTooLargeIsRefused(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Durations.parse(text)).getMessage();

        assertEquals(Texts.quoted(text) + " is too large for a duration", message);
    }

    @Test
    void aLongTextIsRefusedBeforeItIsParsed() {
        String message = assertThrows(IllegalArgumentException.class, () -> Durations.parse("1h".repeat(20_000)))
                .getMessage();

        assertTrue(message.length() < 250, message);
    }

    @ParameterizedTest
    @CsvSource({"PT87600H,3650 days", "PT24H,1 day", "PT-24H,-1 day", "PT25H,1d1h", "PT0S,0s", "PT-5M,-5m",
            "PT0.000000001S,1ns",
            "PT1H30M,1h30m", "PT0.5S,500ms", "PT-9223372036854775808S,-106751991167300d15h30m8s"})
    void aMessageHasItInTheSpellingOfUsers(Duration duration, String text) {
        assertEquals(text, Durations.text(duration));
    }

    @Test
    void nanosecondsOfAnySizeAreWritten() {
        assertEquals("1s500ms", Durations.text(BigInteger.valueOf(1_500_000_000)));
        assertEquals("-213503982334601d7h15s", Durations.text(BigInteger.valueOf(Long.MIN_VALUE).shiftLeft(1)
                .multiply(BigInteger.valueOf(1_000_000_000)).add(BigInteger.valueOf(1_000_000_000))));
    }

    @Test
    void everyDurationIsReadAsItIsWritten() {
        var random = new SplittableRandom(11);
        for (int i = 0; i < TRIES; i++) {
            var duration = Duration.ofSeconds(random.nextLong() >> random.nextInt(64),
                    random.nextLong(1_000_000_000) / (random.nextBoolean() ? 1 : 1_000) * (random.nextInt(3) - 1));

            assertEquals(duration, Durations.parse(Durations.format(duration)), () -> Durations.format(duration));
            assertEquals(duration, Durations.parse(duration.toString()));
        }
    }

    @Test
    void whatIsReadIsWrittenWithoutMonthsOrRefusedInOneLine() {
        var random = new SplittableRandom(12);
        String alphabet = "0123456789.-+PTDHMSYWdhmsunyw \n";
        for (int i = 0; i < TRIES; i++) {
            String text = random.ints(random.nextInt(8), 0, alphabet.length())
                    .collect(StringBuilder::new, (all, c) -> all.append(alphabet.charAt(c)), StringBuilder::append)
                    .toString();
            try {
                Duration duration = Durations.parse(text);
                assertTrue(text.matches("[-+]?([Pp][-+0-9DTHMSdthms.]+|[0-9dhmsun.]+)"), text);
                assertEquals(duration, Durations.parse(Durations.format(duration)), text);
            } catch (IllegalArgumentException e) {
                assertEquals(1, e.getMessage().lines().count(), text);
            }
        }
    }
}
