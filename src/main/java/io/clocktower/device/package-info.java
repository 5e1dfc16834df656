/**
 * The devices of this process, and the ways to them. Only its loop's thread touches a device; the rest of the service sends
 * commands to that loop and gets immutable statuses back.
 */
package io.clocktower.device;
