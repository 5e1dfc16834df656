package io.clocktower.counter;

import io.clocktower.clock.CounterMapping;
import io.clocktower.linux.CycleCounter;
import io.clocktower.rtc.GuestCounter;

/** A guest's counter, read from the host's. */
public record HostCounter(CounterMapping mapping) implements GuestCounter {

    @Override
    public int id() {
        return CycleCounter.isTsc() ? X86_TSC : ARM_VCT;
    }

    @Override
    public long readCycles() {
        return mapping.guestCycles(CycleCounter.read());
    }
}
