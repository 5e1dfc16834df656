package io.clocktower.rtc;

/** The guest's hardware counter, as the device knows it. VIRTIO 1.4, "Hardware Counters". */
public interface GuestCounter {

    int ARM_VCT = 0;
    int X86_TSC = 1;

    /** Which counter it is: {@link #ARM_VCT} or {@link #X86_TSC}. */
    int id();

    /** What the guest would read from it now, unsigned. */
    long readCycles();
}
