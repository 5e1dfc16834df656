package io.clocktower.device;

import io.clocktower.event.DeviceEvent;
import io.clocktower.event.DeviceEvents;
import io.clocktower.hosted.DeviceObserver;
import io.clocktower.loop.EventLoop;
import org.jboss.logging.Logger;

/** Passes what a device reports, on its loop's thread, to threads that may wait. */
final class LoopReports implements DeviceObserver {

    private static final Logger LOG = Logger.getLogger(LoopReports.class);

    private final DeviceEvents events;
    private final EventLoop loop;
    private final Runnable onDisconnected;
    private final Runnable onChanged;

    /**
     * @param onDisconnected is called on the loop's thread and must not block; the same holds for {@code onChanged}
     */
    LoopReports(DeviceEvents events, EventLoop loop, Runnable onDisconnected, Runnable onChanged) {
        this.events = events;
        this.loop = loop;
        this.onDisconnected = onDisconnected;
        this.onChanged = onChanged;
    }

    @Override
    public void onDisconnected() {
        onDisconnected.run();
    }

    @Override
    public void onChanged() {
        onChanged.run();
    }

    @Override
    public void onEvent(DeviceEvent event) {
        if (!loop.outbox().offer(() -> publish(event))) {
            events.publishUnheard();
        }
    }

    /** What time does to faults is in the log too; what operators do is in the audit log. */
    private void publish(DeviceEvent event) {
        switch (event.type()) {
            case FAULT_BEGUN -> LOG.infof("%s: fault %s began: %s", event.device(), event.fault().orElse(""),
                    event.detail());
            case FAULT_ENDED -> LOG.infof("%s: fault %s ended: %s", event.device(), event.fault().orElse(""),
                    event.detail());
            default -> {
                // Not by time.
            }
        }
        events.publish(event);
    }

    @Override
    public boolean isHeard() {
        return events.isHeard();
    }

    @Override
    public void onUnheard() {
        events.publishUnheard();
    }
}
