/** Measurements, which are run on purpose; see {@code docs/performance.md}. */
package io.clocktower.benchmark;
