package io.clocktower.hosted;

import io.clocktower.clock.HostClock;
import io.clocktower.event.DeviceEvent;
import io.clocktower.fault.Fault;
import io.clocktower.fault.FaultText;
import io.clocktower.fault.Faults;
import io.clocktower.spec.DeviceSpec;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Publishes what becomes of a device's faults, by time and by operators. The device's loop owns it. */
final class FaultEvents {

    private final Supplier<DeviceSpec> spec;
    private final HostClock host;
    private final DeviceObserver observer;

    FaultEvents(Supplier<DeviceSpec> spec, HostClock host, DeviceObserver observer) {
        this.spec = spec;
        this.host = host;
        this.observer = observer;
    }

    /**
     * Publishes the differences. A fault may begin or end by time just when an operator changes another one.
     *
     * @param actor who changed the faults; empty if it was only time
     */
    void onChanged(Faults before, Faults after, Optional<String> actor) {
        for (Fault fault : before.list()) {
            if (after.find(fault.id()).isEmpty()) {
                String was = FaultText.of(fault);
                if (fault.endNs() <= host.boottimeNs()) {
                    publish(DeviceEvent.Type.FAULT_ENDED, fault, was, event -> event.from(was));
                } else {
                    publish(DeviceEvent.Type.FAULT_REVERTED, fault,
                            actor.map(name -> "reverted by " + name + ": ").orElse("") + was,
                            event -> event.from(was).by(actor));
                }
            }
        }
        for (Fault fault : after.list()) {
            String is = FaultText.of(fault);
            Optional<Fault> past = before.find(fault.id());
            if (past.filter(fault::isSameAs).isEmpty()) {
                publish(past.filter(fault::isChangeOf).isPresent()
                        ? DeviceEvent.Type.FAULT_CHANGED
                        : DeviceEvent.Type.FAULT_INJECTED, fault, is,
                        event -> past.map(FaultText::of).map(event::from).orElse(event).to(is).by(actor));
            } else if (fault.isActive() && !past.get().isActive()) {
                publish(DeviceEvent.Type.FAULT_BEGUN, fault, is, event -> event.to(is));
            }
        }
    }

    private void publish(DeviceEvent.Type type, Fault fault, String detail, UnaryOperator<DeviceEvent> more) {
        observer.onEvent(more.apply(DeviceEvent.of(host, type, spec.get(), detail).ofFault(fault)));
    }
}
