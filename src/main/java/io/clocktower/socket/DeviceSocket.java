package io.clocktower.socket;

import java.nio.file.Path;

/**
 * Where a device and its front-ends meet. Who owns the device uses and stops it; what concerns the file is for threads that
 * may wait for a disk.
 */
public sealed interface DeviceSocket extends AutoCloseable permits ListeningSocket, ConnectingSocket {

    Path path();

    /** Ends the use of it; the file stays. */
    void stop();

    /** Whether the device and its front-ends can meet at the path. */
    boolean isInPlace();

    /** Deletes the file if it is this process's. */
    void deleteFile();

    /** Whether the file belongs to who passed the socket to this process, and is never deleted. */
    boolean isManaged();

    /** Ends the use of it, and deletes the file if it is this process's. */
    @Override
    default void close() {
        stop();
        deleteFile();
    }
}
