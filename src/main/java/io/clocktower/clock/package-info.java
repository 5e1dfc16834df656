/**
 * Host time, faults, leap seconds, smearing and the clocks a device serves: arithmetic on the {@link HostClock} that is
 * passed in, without a system call, a thread or a log line of its own.
 *
 * <p>An instant is an unsigned 64-bit count of nanoseconds since 1970-01-01 00:00 of its own time scale, up to 2^64 - 2,
 * which is in 2554; {@link ServedClock#UNREPRESENTABLE} is all the time outside of that. Only the host's time since
 * boot, by which faults start and end, is signed.
 *
 * <p>The true timeline is TAI. A {@link FaultChain} makes the served TAI of it; UTC and its smeared form are derived
 * from that by a {@link LeapSeconds} table, and the host's wall clock is moved by as much. A monotonic clock has the
 * time since boot in the place of TAI.
 *
 * <p>Effects, chains, tables and specifications are immutable and may be shared. A {@link ServedClock} belongs to one
 * thread.
 */
package io.clocktower.clock;
