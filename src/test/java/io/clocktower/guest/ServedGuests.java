package io.clocktower.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.app.Directories;
import io.clocktower.app.PackagedApplication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The packaged application with some devices, and guests on them, for the tests of one class. Where there is no stack, none is
 * started and the tests are skipped, see {@link GuestStack#require}.
 */
final class ServedGuests implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {

    private static final int READINGS = 20;

    private final List<String> devices;
    private final Map<String, String> properties = new HashMap<>();
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

    /** The application has this property as well. */
    ServedGuests with(String property, String value) {
        properties.put(property, value);
        return this;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        if (!GuestStack.isThere()) {
            return;
        }
        stack = GuestStack.require();
        directory = Files.createTempDirectory("guests");
        properties.put("clocktower.socket-dir", directory.toString());
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
                Directories.remove(directory);
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

    /** A guest with memory of its own kind, see {@link GuestVm#boot(GuestStack, Path, String, List, List)}. */
    GuestVm boot(String name, List<String> memory, List<String> arguments) {
        var vm = GuestVm.boot(stack, directory, name, memory, arguments);
        vms.add(vm);
        return vm;
    }

    /** A Debian guest, see {@link GuestVm#bootDebian}. */
    GuestVm bootDebian(String name, List<String> arguments) {
        var vm = GuestVm.bootDebian(stack, directory, name, arguments);
        vms.add(vm);
        return vm;
    }

    /** Fails unless a guest's clocks show what the host's do, each once within its tolerance and UTC a few times. */
    static void assertServes(GuestVm guest) {
        for (var clock : PtpClock.values()) {
            int number = guest.number(clock);
            var reading = HostReading.narrowest(clock::hostNs, () -> Long.parseLong(guest.ask("read " + number)));
            assertTrue(reading.errorNs() <= clock.toleranceNs(), () -> clock + ": " + reading);
        }
        assertNoneOutside(Stream.generate(() -> HostReading.utc(guest)).limit(READINGS).toList());
    }

    /** Fails if there is no reading, or one outside of the host's time before and after it. */
    static void assertNoneOutside(List<HostReading> readings) {
        assertTrue(!readings.isEmpty(), "nothing was read");
        assertEquals(List.of(), readings.stream().filter(reading -> reading.errorNs() > 0).toList());
    }

    /** Reads a guest's UTC again and again while something is done. */
    static void assertServesDuring(GuestVm guest, Runnable something) {
        var isOver = new AtomicBoolean();
        var readings = CompletableFuture.supplyAsync(() -> {
            List<HostReading> all = new ArrayList<>();
            do {
                all.add(HostReading.utc(guest));
            } while (!isOver.get());
            return all;
        });
        try {
            something.run();
        } finally {
            isOver.set(true);
        }
        assertNoneOutside(readings.join());
    }
}
