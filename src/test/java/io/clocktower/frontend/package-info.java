/**
 * A front-end of our own with its own driver, for tests and benchmarks: memory from memfd, both eventfds, a split ring.
 * It shares no code with the back-end but the system calls.
 */
package io.clocktower.frontend;
