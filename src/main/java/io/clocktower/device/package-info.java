/**
 * The devices and the event loops that own them. A device is touched by its loop's thread alone; what the rest of the
 * service wants of it goes in as a command and comes out as an immutable status.
 */
package io.clocktower.device;
