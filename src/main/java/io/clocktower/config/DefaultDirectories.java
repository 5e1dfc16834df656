package io.clocktower.config;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * Where sockets and state are if the configuration does not say: in directories of the user's own.
 *
 * @param user the user's name
 * @param home the user's home directory, if it is an absolute path
 * @param environment a variable's value, or null
 */
record DefaultDirectories(String user, String home, String temporary, UnaryOperator<String> environment) {

    private static final String NAME = "clocktower";
    private static final Path SYSTEM_STATE = Path.of("/var/lib", NAME);

    static DefaultDirectories ofThisUser() {
        return new DefaultDirectories(System.getProperty("user.name"), System.getProperty("user.home"),
                System.getProperty("java.io.tmpdir"), System::getenv);
    }

    Path sockets() {
        if (user.equals("root")) {
            return Path.of("/run", NAME);
        }
        String runtime = environment.apply("XDG_RUNTIME_DIR");
        return runtime != null && !runtime.isEmpty()
                ? Path.of(runtime, NAME)
                : Path.of(temporary, NAME + "-" + user);
    }

    /** A user without a home may have none but the system's. */
    Path state() {
        if (user.equals("root")) {
            return SYSTEM_STATE;
        }
        String state = environment.apply("XDG_STATE_HOME");
        if (isAbsolute(state)) {
            return Path.of(state, NAME);
        }
        return isAbsolute(home) ? Path.of(home, ".local/state", NAME) : SYSTEM_STATE;
    }

    private static boolean isAbsolute(String path) {
        return path != null && path.startsWith("/");
    }
}
