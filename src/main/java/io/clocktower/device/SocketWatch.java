package io.clocktower.device;

import io.clocktower.socket.ListeningSocket;
import io.clocktower.spec.DeviceException;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Makes the sockets again whose files were deleted or replaced: front-ends that start later would not find them. A thread of
 * its own looks at the files every second, and at what else has to be looked at so often.
 */
final class SocketWatch implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(SocketWatch.class);
    private static final long PERIOD_MS = TimeUnit.SECONDS.toMillis(1);

    private final Collection<DeviceProxy> devices;
    private final Runnable other;
    /** Those whose sockets cannot be made again now, so that this is logged once. */
    private final Set<DeviceProxy> failing = ConcurrentHashMap.newKeySet();
    private final Thread thread;

    /**
     * @param devices a view of those that are hosted
     * @param other is called every second too; it throws nothing
     */
    SocketWatch(Collection<DeviceProxy> devices, Runnable other) {
        this.devices = devices;
        this.other = other;
        thread = Thread.ofPlatform().name("socket-watch").daemon().start(this::run);
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(PERIOD_MS);
                other.run();
                for (DeviceProxy device : devices) {
                    look(device);
                }
                failing.retainAll(devices);
            }
        } catch (InterruptedException e) {
            // It is closed.
        }
    }

    private void look(DeviceProxy device) {
        try {
            if (!device.isRetired() && !device.isSuspended() && !device.socket().isInPlace()) {
                device.exclusively(() -> {
                    replace(device);
                    return null;
                });
            }
        } catch (DeviceException | RuntimeException | OutOfMemoryError e) {
            // It was removed, or its loop does not answer. The next look is in a second.
        }
    }

    private void replace(DeviceProxy device) throws DeviceException {
        if (device.isRetired() || device.socket().isInPlace()) {
            return;
        }
        try {
            ListeningSocket socket = ListeningSocket.bind(device.socket().path());
            device.replace(socket);
            failing.remove(device);
            LOG.warnf("%s: the socket file %s was deleted, and has been created again", device.name(), socket.path());
        } catch (DeviceException e) {
            if (failing.add(device)) {
                device.fail("the socket's file is gone and cannot be made again: " + e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
