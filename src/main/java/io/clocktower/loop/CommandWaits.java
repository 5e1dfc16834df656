package io.clocktower.loop;

/**
 * How long the commands of an event loop waited until it came to them.
 *
 * @param count how many there were
 * @param totalNs how long all of them waited together
 */
public record CommandWaits(long count, long totalNs) {}
