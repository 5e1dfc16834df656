/**
 * One device as its event loop owns it: its clocks, its timer, its front-ends, and what its guest's driver sees. Only the
 * loop's thread touches it, save where a method says otherwise.
 */
package io.clocktower.hosted;
