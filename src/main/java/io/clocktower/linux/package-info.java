/**
 * The system calls of Linux that Clocktower makes, by foreign-function downcalls: one class a family, and errno in one
 * place. No other package makes downcalls. Layouts are those of 64-bit Linux, x86-64 and aarch64.
 */
package io.clocktower.linux;
