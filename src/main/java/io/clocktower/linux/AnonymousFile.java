package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file in memory, which is in no directory (memfd_create), and so needs none that can be written. */
public final class AnonymousFile implements AutoCloseable {

    private static final int MFD_CLOEXEC = 1;
    private static final MethodHandle MEMFD_CREATE = NativeCalls.capturing("memfd_create",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));

    private final Descriptor descriptor;

    /**
     * @param name for those who look at this process's files
     */
    public AnonymousFile(String name, byte[] content) throws IOException {
        descriptor = create(name);
        try {
            Files.write(path(), content);
        } catch (IOException e) {
            descriptor.close();
            throw e;
        }
    }

    /** A new file without content. */
    static Descriptor create(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return new Descriptor(NativeCalls.check("memfd_create",
                    (int) MEMFD_CREATE.invokeExact(NativeCalls.state(), arena.allocateFrom(name), MFD_CLOEXEC)));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Where this process can open it. */
    public Path path() {
        return Path.of("/proc/self/fd", Integer.toString(descriptor.number()));
    }

    /** It stays this file's. */
    public Descriptor descriptor() {
        return descriptor;
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
