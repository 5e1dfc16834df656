package io.clocktower.state;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jboss.logging.Logger;

/** Puts files that cannot be used where a person finds them and the service does not: FILE.set-aside-TIME. */
final class SetAside {

    private static final Logger LOG = Logger.getLogger(StateDirectory.class);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'")
            .withZone(ZoneOffset.UTC);
    private static final int MAX_SET_ASIDE_A_SECOND = 1000;

    private SetAside() {}

    /**
     * Never fails: the log says what became of it.
     *
     * @param isCopied whether the content stays where it is, too
     */
    static void put(Path path, String reason, boolean isCopied) {
        try {
            Path aside = place(path, path + ".set-aside-" + TIME.format(Instant.now()), isCopied);
            LOG.warnf(
                    isCopied ? "%s is used in part: %s; a copy of it is %s" : "%s is not used: %s; it was moved to %s",
                    path, reason, aside);
            DurableFile.sync(path.getParent());
        } catch (IOException e) {
            LOG.warnf("%s is not used: %s; it cannot be set aside: %s", path, reason,
                    StateDirectory.reason(e));
        }
    }

    private static Path place(Path path, String name, boolean isCopied) throws IOException {
        for (int i = 0; i < MAX_SET_ASIDE_A_SECOND; i++) {
            Path aside = Path.of(i == 0 ? name : name + "-" + i);
            try {
                return isCopied ? Files.copy(path, aside) : Files.move(path, aside);
            } catch (FileAlreadyExistsException e) {
                // Another one was set aside in this second.
            }
        }
        throw new FileAlreadyExistsException(name);
    }
}
