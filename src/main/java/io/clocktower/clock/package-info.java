/**
 * Host time, leap seconds, smearing and the clocks a device serves: arithmetic on the {@link HostClock} that is passed
 * in, without a system call, a thread or a log line of its own.
 *
 * <p>Inside this package an instant is a signed 64-bit count of nanoseconds since 1970-01-01 00:00 of its own time
 * scale. The true timeline is TAI; UTC and its smeared form are derived from it by a {@link LeapSeconds} table. A fault
 * belongs between the host and the clocks: it is a {@link HostClock} whose TAI is a function of another one's and whose
 * wall clock is moved by as much, so the clocks need not know of it.
 *
 * <p>Tables and specifications are immutable and may be shared. A {@link ServedClock} belongs to one thread.
 */
package io.clocktower.clock;
