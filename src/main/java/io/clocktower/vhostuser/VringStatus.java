package io.clocktower.vhostuser;

/**
 * The state of a ring at a moment.
 *
 * @param size in entries, 0 before the front-end sets it
 * @param base how far the device has come, as in the reply to GET_VRING_BASE
 */
public record VringStatus(int index, int size, int base, boolean isStarted, boolean isEnabled, boolean isBroken) {}
