package io.clocktower.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The directories that a start creates, so that a start that is refused can remove them. Used by the thread that starts. */
final class NewDirectories {

    private static final Logger LOG = Logger.getLogger(NewDirectories.class);

    private static final String LOCK = "lock";

    /** The deepest first. */
    private final Deque<Path> missing = new ArrayDeque<>();

    /** Notes what does not exist of a directory that is about to be created. */
    void expect(Path directory) {
        Deque<Path> levels = new ArrayDeque<>();
        for (Path level = directory.toAbsolutePath().normalize(); level != null
                && !Files.exists(level, LinkOption.NOFOLLOW_LINKS); level = level.getParent()) {
            levels.addFirst(level);
        }
        levels.stream().filter(level -> !missing.contains(level)).forEach(missing::addFirst);
    }

    /**
     * Removes what was created since. A directory with a file in it stays.
     *
     * @param state a directory in which a lock file may be left alone
     */
    void remove(Path state) {
        Path lock = state.toAbsolutePath().normalize().resolve(LOCK);
        try {
            if (missing.contains(lock.getParent()) && files(lock.getParent()).equals(List.of(lock))) {
                Files.delete(lock);
            }
            for (Path directory : missing) {
                if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS) && files(directory).isEmpty()) {
                    Files.delete(directory);
                }
            }
        } catch (IOException e) {
            LOG.warnf("cannot remove the directories that this failed start created: %s", e.getMessage());
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }
}
