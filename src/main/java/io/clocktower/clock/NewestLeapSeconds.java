package io.clocktower.clock;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The leap second table that is valid the longest: the built-in one, unless a list on this machine expires later. A
 * list is used only with a hash that matches it, and only if it has the built-in leap seconds too: what a torn or
 * edited file could say is worse than what was known at the time of this release.
 *
 * @param leapSeconds
 *            the table to use
 * @param ignored
 *            each list that is not used
 */
public record NewestLeapSeconds(LeapSeconds leapSeconds, List<Ignored> ignored) {

    /** Where distributions put the list. */
    public static final List<Path> SYSTEM_LISTS = List.of(Path.of("/usr/share/zoneinfo/leap-seconds.list"));

    /** Why a list is not used. */
    public enum Why {
        /** There is no such file. */
        ABSENT,
        /** It is sound but does not expire later than the table used. */
        NOT_FRESHER,
        /** It cannot be read or believed; somebody ought to look at it. */
        REFUSED
    }

    /** A list that is not used, and a sentence for the log. */
    public record Ignored(Path path, Why why, String reason) {}

    /** Copies {@code ignored}. */
    public NewestLeapSeconds {
        ignored = List.copyOf(ignored);
    }

    /** Reads each of the files; whatever is in them, there is a table, and no exception. */
    public static NewestLeapSeconds of(List<Path> lists) {
        LeapSeconds newest = LeapSeconds.builtIn();
        Path newestPath = null;
        List<Ignored> ignored = new ArrayList<>();
        for (Path path : lists) {
            try {
                LeapSeconds candidate = read(path);
                if (!candidate.expiresAt().isAfter(newest.expiresAt())) {
                    ignored.add(notFresher(path, candidate, newest));
                    continue;
                }
                if (newestPath != null) {
                    ignored.add(notFresher(newestPath, newest, candidate));
                }
                newest = candidate;
                newestPath = path;
            } catch (NoSuchFileException e) {
                ignored.add(new Ignored(path, Why.ABSENT, "there is no such file"));
            } catch (IOException e) {
                ignored.add(new Ignored(path, Why.REFUSED, "cannot be read: " + e));
            } catch (LeapSecondsFormatException e) {
                ignored.add(new Ignored(path, Why.REFUSED, e.getMessage()));
            }
        }
        return new NewestLeapSeconds(newest, ignored);
    }

    private static LeapSeconds read(Path path) throws IOException, LeapSecondsFormatException {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            // Opening a FIFO would wait for its writer.
            throw new LeapSecondsFormatException("not a regular file");
        }
        LeapSecondsList list;
        try (InputStream in = Files.newInputStream(path)) {
            list = LeapSecondsList.parse(in.readNBytes(LeapSecondsList.MAX_BYTES + 1), path.toString());
        }
        if (!list.hashed()) {
            throw new LeapSecondsFormatException("has no line #h with its SHA-1, so it may have lost its end");
        }
        List<LeapSeconds.Entry> known = LeapSeconds.builtIn().entries();
        List<LeapSeconds.Entry> entries = list.leapSeconds().entries();
        boolean isFresher = list.leapSeconds().expiresAt().isAfter(LeapSeconds.builtIn().expiresAt());
        if (isFresher && (entries.size() < known.size() || !entries.subList(0, known.size()).equals(known))) {
            throw new LeapSecondsFormatException("contradicts the leap seconds of 1972 to 2017");
        }
        return list.leapSeconds();
    }

    private static Ignored notFresher(Path path, LeapSeconds ignored, LeapSeconds used) {
        return new Ignored(path, Why.NOT_FRESHER, "expires at " + ignored.expiresAt() + ", no later than "
                + used.source() + " at " + used.expiresAt());
    }
}
