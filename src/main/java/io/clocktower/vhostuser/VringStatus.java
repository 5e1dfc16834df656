package io.clocktower.vhostuser;

/**
 * A ring's state at one time.
 *
 * @param size in entries, 0 before the front-end sets it
 * @param base how far the device has come, as GET_VRING_BASE answers it
 */
public record VringStatus(int index, int size, int base, boolean isStarted, boolean isEnabled, boolean isBroken) {}
