package io.clocktower.spec;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * What was built.
 *
 * @param version of Clocktower
 * @param commit that it was built from, abbreviated; {@code unknown} if it was built from no repository
 */
public record Build(String version, String commit) {

    private static final String FILE = "/clocktower-build.properties";

    /** The build that runs. */
    public static Build read() {
        var build = new Properties();
        try (InputStream file = Build.class.getResourceAsStream(FILE)) {
            build.load(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Build(build.getProperty("version"), build.getProperty("commit"));
    }
}
