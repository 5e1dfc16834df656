package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The packaged service under a {@link FakeServiceManager}, which starts it again: for a field with {@code @RegisterExtension}. */
final class ManagedService implements BeforeEachCallback, AfterEachCallback {

    private static final Map<String, Integer> STATUS = Map.of("KILL", 137, "TERM", 143);

    private Path directory;
    private FakeServiceManager manager;
    private PackagedApplication service;

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        directory = Files.createTempDirectory("managed");
        manager = new FakeServiceManager(directory);
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        if (service != null) {
            service.close();
        }
        manager.close();
        Directories.remove(directory);
    }

    FakeServiceManager manager() {
        return manager;
    }

    /** The one that was started last. */
    PackagedApplication service() {
        return service;
    }

    /** For the service's logs and state. */
    Path directory() {
        return directory;
    }

    Path socket(String device) {
        return directory.resolve("run").resolve(device + ".sock");
    }

    /** Of a service with those devices. */
    Map<String, String> properties(String... devices) {
        Map<String, String> properties = new TreeMap<>(
                Map.of("clocktower.socket-dir", directory.resolve("run").toString()));
        for (String device : devices) {
            properties.put("clocktower.devices." + device + ".socket", socket(device).toString());
        }
        return properties;
    }

    /** Starts it, and waits until it is ready. */
    void start(Map<String, String> properties) throws Exception {
        launch(properties);
        service.awaitReady();
    }

    /** Starts it, which may fail; the one before has ended. */
    void launch(Map<String, String> properties) throws Exception {
        if (service != null) {
            service.close();
        }
        service = manager.start(properties);
    }

    /** Ends it by that signal, KILL or TERM. */
    void end(String signal) throws Exception {
        service.signal(signal);
        assertEquals(STATUS.get(signal), service.awaitEnd().status());
    }

    /** Ends it by that signal, and starts it with those properties. */
    void restart(String signal, Map<String, String> properties) throws Exception {
        end(signal);
        start(properties);
    }
}
