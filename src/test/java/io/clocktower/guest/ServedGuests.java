package io.clocktower.guest;

import io.clocktower.app.PackagedApplication;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The packaged application with some devices, and guests on them, for the tests of one class. Where there is no stack, none is
 * started and the tests are skipped, see {@link GuestStack#require}.
 */
final class ServedGuests implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {

    private final List<String> devices;
    private final List<GuestVm> vms = new ArrayList<>();
    private Path directory;
    private GuestStack stack;
    private PackagedApplication application;

    private ServedGuests(List<String> devices) {
        this.devices = devices;
    }

    /** For a static field with {@code @RegisterExtension}. */
    static ServedGuests on(String... devices) {
        return new ServedGuests(List.of(devices));
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        if (!GuestStack.isThere()) {
            return;
        }
        stack = GuestStack.require();
        directory = Files.createTempDirectory("guests");
        Map<String, String> properties = new HashMap<>(Map.of("clocktower.socket-dir", directory.toString()));
        devices.forEach(name -> properties.put("clocktower.devices." + name + ".socket", socket(name).toString()));
        application = PackagedApplication.start(directory, properties);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        GuestStack.require();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        try {
            vms.forEach(GuestVm::close);
            if (application != null) {
                application.close();
            }
        } finally {
            if (directory != null) {
                removeDirectory();
            }
        }
    }

    /** Whether there is a stack, so that guests can be booted before the first test. */
    boolean areThere() {
        return stack != null;
    }

    PackagedApplication application() {
        return application;
    }

    /** QEMU's monitor of a guest. */
    QemuMonitor monitor(String name) {
        return new QemuMonitor(GuestVm.monitor(directory, name));
    }

    Path socket(String device) {
        return directory.resolve(device + ".sock");
    }

    /** A guest with those arguments of QEMU's. It is closed at the latest after the class's tests. */
    GuestVm boot(String name, List<String> arguments) {
        var vm = GuestVm.boot(stack, directory, name, arguments);
        vms.add(vm);
        return vm;
    }

    private void removeDirectory() throws IOException {
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.deleteIfExists(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
