/** What a device is specified as: its clocks, socket and labels, the rules that they keep, and the errors that name what breaks one. */
package io.clocktower.spec;
