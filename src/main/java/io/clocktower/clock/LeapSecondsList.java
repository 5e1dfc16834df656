package io.clocktower.clock;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code leap-seconds.list} as the IERS and NIST publish it. A line holds seconds since 1900-01-01 00:00 UTC and
 * TAI − UTC in seconds from then on; {@code #$} and {@code #@} begin the lines with the time of the last change and of
 * the expiry, {@code #h} the one with the SHA-1 of all of these digits in the order of the file, in five hexadecimal
 * words that may lack leading zeros. Any other text after {@code #} is a comment.
 *
 * @param leapSeconds
 *            the table
 * @param hashed
 *            whether the list came with a hash, which then was right. Without one, a list that lost its end cannot be
 *            told from a whole one.
 */
public record LeapSecondsList(LeapSeconds leapSeconds, boolean hashed) {

    /** The longest list that is read; those published have 5 to 11 KiB. */
    static final int MAX_BYTES = 64 * 1024;

    private static final long UNIX_EPOCH_SECONDS_SINCE_1900 = 2_208_988_800L;
    private static final int SHA_1_WORDS = 5;
    private static final Pattern LAST_CHANGE = Pattern.compile("#\\$\\s*(\\d{1,10})\\s*");
    private static final Pattern EXPIRY = Pattern.compile("#@\\s*(\\d{1,11})\\s*");
    private static final Pattern HASH = Pattern.compile("#h((?:\\s+[0-9a-fA-F]{1,8}){" + SHA_1_WORDS + "})\\s*");
    private static final Pattern ENTRY = Pattern.compile("\\s*(\\d{1,11})\\s+(\\d{1,4})\\s*(?:#.*)?", Pattern.DOTALL);

    /**
     * Reads a list, in about the time it takes to hash it.
     *
     * @param source
     *            what {@link LeapSeconds#source} is to say
     * @throws LeapSecondsFormatException
     *             if any part of it is malformed, out of order or out of range, a hash does not match, or it does not
     *             begin in 1972
     */
    public static LeapSecondsList parse(byte[] list, String source) throws LeapSecondsFormatException {
        if (list.length > MAX_BYTES) {
            throw new LeapSecondsFormatException("longer than " + MAX_BYTES + " bytes");
        }
        return new Parser().parse(new String(list, ISO_8859_1), source);
    }

    /** One reading of one list. */
    private static final class Parser {
        private final List<LeapSeconds.Entry> entries = new ArrayList<>();
        private final StringBuilder hashedDigits = new StringBuilder();
        private int lineNumber;
        private boolean hasLastChange;
        private Instant expiresAt;
        private String hash;

        LeapSecondsList parse(String list, String source) throws LeapSecondsFormatException {
            for (String line : (Iterable<String>) list.lines()::iterator) {
                lineNumber++;
                if (line.startsWith("#$")) {
                    lastChange(matched(LAST_CHANGE, line, "the time of the last change"));
                } else if (line.startsWith("#@")) {
                    expiry(matched(EXPIRY, line, "the time of the expiry"));
                } else if (line.equals("#h") || line.startsWith("#h ") || line.startsWith("#h\t")) {
                    hash(matched(HASH, line, "the five words of a SHA-1"));
                } else if (!line.startsWith("#") && !line.isBlank()) {
                    entry(matched(ENTRY, line, "seconds since 1900 and TAI - UTC"));
                }
            }
            return new LeapSecondsList(table(source), verifyHash());
        }

        private void lastChange(Matcher line) throws LeapSecondsFormatException {
            once(!hasLastChange, "#$");
            hasLastChange = true;
            hashedDigits.append(line.group(1));
        }

        private void expiry(Matcher line) throws LeapSecondsFormatException {
            once(expiresAt == null, "#@");
            expiresAt = Instant.ofEpochSecond(unixSeconds(line));
            hashedDigits.append(line.group(1));
        }

        private void hash(Matcher line) throws LeapSecondsFormatException {
            once(hash == null, "#h");
            hash = line.group(1).strip();
        }

        private void entry(Matcher line) throws LeapSecondsFormatException {
            var previous = entries.isEmpty() ? null : entries.getLast();
            var entry = new LeapSeconds.Entry(unixSeconds(line), Integer.parseInt(line.group(2)));
            var objection = LeapSeconds.objection(previous, entry);
            if (objection.isPresent()) {
                throw refused(objection.get());
            }
            entries.add(entry);
            hashedDigits.append(line.group(1)).append(line.group(2));
        }

        private LeapSeconds table(String source) throws LeapSecondsFormatException {
            if (entries.isEmpty()) {
                throw new LeapSecondsFormatException("holds no entry");
            }
            if (expiresAt == null) {
                throw new LeapSecondsFormatException("has no line #@ with the time of its expiry");
            }
            if (expiresAt.getEpochSecond() < entries.getLast().utcSeconds()) {
                throw new LeapSecondsFormatException("expires at " + expiresAt + ", before its last entry");
            }
            return new LeapSeconds(entries, expiresAt, source);
        }

        private boolean verifyHash() throws LeapSecondsFormatException {
            if (hash == null) {
                return false;
            }
            ByteBuffer expected = ByteBuffer.allocate(SHA_1_WORDS * Integer.BYTES).order(ByteOrder.BIG_ENDIAN);
            for (String word : hash.split("\\s+")) {
                expected.putInt(Integer.parseUnsignedInt(word, 16));
            }
            if (!MessageDigest.isEqual(expected.array(), sha1(hashedDigits.toString()))) {
                throw new LeapSecondsFormatException("its SHA-1 is not the one in its line #h");
            }
            return true;
        }

        private Matcher matched(Pattern pattern, String line, String what) throws LeapSecondsFormatException {
            Matcher matcher = pattern.matcher(line);
            if (!matcher.matches()) {
                throw refused("expected " + what);
            }
            return matcher;
        }

        private void once(boolean isFirst, String marker) throws LeapSecondsFormatException {
            if (!isFirst) {
                throw refused("a second line " + marker);
            }
        }

        private LeapSecondsFormatException refused(String reason) {
            return new LeapSecondsFormatException("line " + lineNumber + ": " + reason);
        }

        private static long unixSeconds(Matcher line) {
            return Long.parseLong(line.group(1)) - UNIX_EPOCH_SECONDS_SINCE_1900;
        }

        private static byte[] sha1(String digits) {
            try {
                return MessageDigest.getInstance("SHA-1").digest(digits.getBytes(ISO_8859_1));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-1", e);
            }
        }
    }
}
