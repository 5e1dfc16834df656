/**
 * Coverage-guided fuzzing of everything that reads what a guest, a front-end, a caller, a disk or another process wrote. {@link
 * io.clocktower.fuzz.FuzzIT} runs it for a short time; docs/security.md says how to run it for longer.
 */
package io.clocktower.fuzz;
