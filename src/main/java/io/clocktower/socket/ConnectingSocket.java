package io.clocktower.socket;

import io.clocktower.linux.Descriptor;
import java.nio.file.Path;
import java.util.Optional;

/** A path at which front-ends listen, and to which the device connects. The file is the front-end's. */
public final class ConnectingSocket implements DeviceSocket {

    private final Path path;
    /** A connection that exists already; null if it does not, or was taken. */
    private Descriptor first;

    public ConnectingSocket(Path path) {
        this(path, null);
    }

    /**
     * @param first the first connection, non-blocking; becomes this object's
     */
    ConnectingSocket(Path path, Descriptor first) {
        this.path = path;
        this.first = first;
    }

    /** The connection that exists already, which is the caller's then; once. */
    Optional<Descriptor> takeFirst() {
        Descriptor taken = first;
        first = null;
        return Optional.ofNullable(taken);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public void stop() {
        takeFirst().ifPresent(Descriptor::close);
    }

    @Override
    public boolean isInPlace() {
        return true;
    }

    @Override
    public void deleteFile() {
        // It is the front-end's.
    }

    @Override
    public boolean isManaged() {
        return false;
    }
}
