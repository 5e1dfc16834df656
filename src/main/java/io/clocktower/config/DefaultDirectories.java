package io.clocktower.config;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The directories of sockets and state if the configuration names none: they belong to the pod, or to the user.
 *
 * @param pod the directory of KubeVirt's hook, below which is all that a sidecar can write
 * @param user the user's name
 * @param home the user's home directory, if it is an absolute path
 * @param environment a variable's value, or null
 */
record DefaultDirectories(Optional<Path> pod, String user, String home, String temporary,
        UnaryOperator<String> environment) {

    private static final String NAME = "clocktower";
    private static final Path SYSTEM_STATE = Path.of("/var/lib", NAME);

    static DefaultDirectories of(ClocktowerConfig config) {
        return new DefaultDirectories(pod(config.kubevirt()), System.getProperty("user.name"),
                System.getProperty("user.home"),
                System.getProperty("java.io.tmpdir"), System::getenv);
    }

    private static Optional<Path> pod(ClocktowerConfig.Kubevirt kubevirt) {
        return Optional.of(kubevirt.hook()).filter(ClocktowerConfig.Hook::enabled).map(ClocktowerConfig.Hook::directory)
                .or(() -> Optional.of(kubevirt.plugin()).filter(ClocktowerConfig.Plugin::enabled)
                        .map(ClocktowerConfig.Plugin::directory));
    }

    Path sockets() {
        return pod.map(directory -> directory.resolve("sockets")).orElseGet(this::socketsOfUser);
    }

    private Path socketsOfUser() {
        if (user.equals("root")) {
            return Path.of("/run", NAME);
        }
        String runtime = environment.apply("XDG_RUNTIME_DIR");
        return runtime != null && !runtime.isEmpty()
                ? Path.of(runtime, NAME)
                : Path.of(temporary, NAME + "-" + user);
    }

    Path state() {
        return pod.map(directory -> directory.resolve("state")).orElseGet(this::stateOfUser);
    }

    /** For a user without a home directory, the system's directory. */
    private Path stateOfUser() {
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
