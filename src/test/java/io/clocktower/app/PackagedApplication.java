package io.clocktower.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The application as it is delivered, in a process of its own: the jars on the JDK that runs the test, or the native executable
 * that the property {@code clocktower.executable} names.
 */
public final class PackagedApplication implements AutoCloseable {

    /** The jars, and what starts them. The property is for such a directory that was copied. */
    static final Path JARS = base().resolve(System.getProperty("application", "target/quarkus-app"));
    /** What starts the application. */
    static final Path PROGRAM = executable().orElse(JARS.resolve("clocktower"));
    /** What it answers to a GET of Swagger UI, which the executable leaves out. */
    static final int SWAGGER_UI = executable().isPresent() ? 404 : 200;
    private static final String STATE_DIR = "clocktower.state-dir";
    private static final Duration START = Duration.ofSeconds(60);
    /** Longer than the application lets connected guests keep it from stopping, and than it takes to write an AOT cache. */
    private static final Duration STOP = Duration.ofSeconds(120);
    private static final Duration CHANGE = Duration.ofSeconds(60);
    private static final long POLL_MS = 20;

    private final Process process;
    private final Path log;
    private final URI root;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    /** How a run of the application ended. */
    public record End(int status, String output) {}

    private PackagedApplication(Process process, Path log, URI root) {
        this.process = process;
        this.log = log;
        this.root = root;
    }

    private static Path base() {
        return Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    }

    /** The native executable, if the tests are of it. */
    public static Optional<Path> executable() {
        return Optional.ofNullable(System.getProperty("clocktower.executable")).filter(file -> !file.isEmpty())
                .map(base()::resolve);
    }

    /**
     * Starts the application and waits until it is ready.
     *
     * @param directory where its {@code application.log} is made, and its state kept in {@code state} unless a property
     *     says otherwise
     * @param properties its configuration, besides the port of its HTTP server; one without a value is not set
     */
    public static PackagedApplication start(Path directory, Map<String, String> properties) {
        return start(List.of(), directory, properties);
    }

    /**
     * Starts the application by a program that is given the application's command, and waits until it is ready.
     *
     * @param launcher the program with its first arguments
     */
    public static PackagedApplication start(List<String> launcher, Path directory, Map<String, String> properties) {
        return started(launch(launcher, directory, properties));
    }

    /** The same, recording what it does: at its end it writes its AOT cache. */
    public static PackagedApplication record(Path directory, Map<String, String> properties) {
        return started(launched(command(List.of(), JARS.resolve("clocktower"), "--record"), directory, properties));
    }

    /** Starts the jars, whatever the tests are of, and waits until the application is ready. */
    public static PackagedApplication startJars(Path directory, Map<String, String> properties) {
        return started(launched(command(List.of(), JARS.resolve("clocktower")), directory, properties));
    }

    private static PackagedApplication started(PackagedApplication application) {
        application.awaitReady();
        return application;
    }

    /** Starts the application, and does not wait for it. */
    public static PackagedApplication launch(List<String> launcher, Path directory, Map<String, String> properties) {
        return launched(command(launcher, PROGRAM), directory, properties);
    }

    private static List<String> command(List<String> launcher, Path program, String... arguments) {
        if (!Files.exists(program)) {
            throw new IllegalStateException("the application is not packaged: there is no " + program);
        }
        var command = new ArrayList<>(launcher);
        command.add(program.toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private static PackagedApplication launched(List<String> command, Path directory, Map<String, String> properties) {
        var log = directory.resolve("application.log");
        try {
            int port = freePort();
            var process = launch(command, directory, log, port, properties);
            return new PackagedApplication(process, log, URI.create("http://127.0.0.1:" + port + "/"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start the application", e);
        }
    }

    /**
     * Starts a successor that takes an application over, and does not wait for it.
     *
     * @param log its file
     * @param properties among them the state directory of both
     */
    public static PackagedApplication handover(PackagedApplication before, Path log, Map<String, String> properties) {
        try {
            var process = launch(command(List.of(), PROGRAM, "handover"), log.getParent(), log, before.root.getPort(),
                    properties);
            return new PackagedApplication(process, log, before.root);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start the application", e);
        }
    }

    /** Starts the application, which is expected to refuse its configuration and end. */
    public static End refuse(Path directory, Map<String, String> properties) {
        return refuse(List.of(), directory, properties);
    }

    /** The same by a program that is given the application's command. */
    static End refuse(List<String> launcher, Path directory, Map<String, String> properties) {
        return refused(command(launcher, PROGRAM), directory, properties);
    }

    /** Starts the jars, whatever the tests are of, which are expected to refuse their configuration. */
    static End refuseJars(Path directory, Map<String, String> properties) {
        return refused(command(List.of(), JARS.resolve("clocktower")), directory, properties);
    }

    private static End refused(List<String> command, Path directory, Map<String, String> properties) {
        var log = directory.resolve("refusal.log");
        try {
            var process = launch(command, directory, log, 0, properties);
            if (!process.waitFor(START.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("the application did not end:\n" + Files.readString(log));
            }
            return new End(process.exitValue(), Files.readString(log));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start the application", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while the application ran", e);
        }
    }

    private static Process launch(List<String> start, Path directory, Path log, int port,
            Map<String, String> properties) throws IOException {
        var command = new ArrayList<>(start);
        command.add("-Dquarkus.http.port=" + port);
        if (!properties.containsKey(STATE_DIR)) {
            command.add("-D" + STATE_DIR + "=" + directory.resolve("state"));
        }
        properties.forEach((key, value) -> {
            if (!value.isEmpty()) {
                command.add("-D" + key + "=" + value);
            }
        });
        var process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        process.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return process.start();
    }

    /** What the application answers to a GET of that path, which must be 200. */
    public JsonNode get(String path) {
        try {
            var response = send(path);
            if (response.statusCode() != 200) {
                throw failure("GET " + path + " is answered " + response.statusCode() + ": " + response.body());
            }
            return json.readTree(response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(failure("GET " + path + " is not answered").getMessage(), e);
        }
    }

    /** The first answer to a GET of that path which is as demanded. */
    public JsonNode await(String path, Predicate<JsonNode> demand) {
        long start = System.nanoTime();
        var answer = get(path);
        while (!demand.test(answer)) {
            if (System.nanoTime() - start > CHANGE.toNanos()) {
                throw failure("GET " + path + " stays " + answer);
            }
            pause();
            answer = get(path);
        }
        return answer;
    }

    /** Asks the application to stop, as a service manager does (TERM) or a terminal (INT). */
    public void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while signalling the application", e);
        }
    }

    /** Where its HTTP server is. */
    public URI root() {
        return root;
    }

    /** The number of its process. */
    public long pid() {
        return process.pid();
    }

    public boolean isRunning() {
        return process.isAlive();
    }

    /** Ends it at once, as the kernel does for want of memory. */
    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while killing the application", e);
        } finally {
            http.close();
        }
    }

    /** Waits until the application has ended. */
    public End awaitEnd() {
        try {
            if (!process.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failure("the application did not end");
            }
            return new End(process.exitValue(), log());
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while waiting for the application", e);
        }
    }

    /** What the application has said so far. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops the application as a service manager does. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw failure("the application did not stop");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            http.close();
        }
    }

    /** Waits until the application is ready. One that does not become so is killed. */
    public void awaitReady() {
        try {
            long start = System.nanoTime();
            while (!isReady()) {
                if (!process.isAlive() || System.nanoTime() - start > START.toNanos()) {
                    process.destroyForcibly();
                    throw failure("the application did not become ready");
                }
                pause();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start the application", e);
        }
    }

    /** Waits until the application listens at all its ports: it can be ready at one of them before. */
    void awaitListening() {
        long start = System.nanoTime();
        while (!log().contains("Listening on:")) {
            if (!process.isAlive() || System.nanoTime() - start > START.toNanos()) {
                throw failure("the application does not listen");
            }
            pause();
        }
    }

    private boolean isReady() throws IOException {
        try {
            return send("q/health/ready").statusCode() == 200;
        } catch (ConnectException e) {
            return false;
        }
    }

    /** What the application answers to a GET of that path. */
    public HttpResponse<String> send(String path) throws IOException {
        return send("GET", path, null);
    }

    /**
     * What the application answers to a call with that JSON, or with no body.
     *
     * @param headers names and values
     */
    public HttpResponse<String> send(String method, String path, String body, String... headers) throws IOException {
        try {
            var publisher = body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body);
            var request = HttpRequest.newBuilder(root.resolve(path)).timeout(CHANGE).method(method, publisher)
                    .header("Content-Type", "application/json");
            if (headers.length > 0) {
                request.headers(headers);
            }
            return http.send(request.build(), BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while waiting for " + path, e);
        }
    }

    /** Waits a little before the next look, and not at all for a process that has ended. */
    private void pause() {
        try {
            process.waitFor(POLL_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while waiting for the application", e);
        }
    }

    private IllegalStateException failure(String what) {
        try {
            return new IllegalStateException(what + "\n" + log + ":\n" + Files.readString(log));
        } catch (IOException e) {
            return new IllegalStateException(what, e);
        }
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
