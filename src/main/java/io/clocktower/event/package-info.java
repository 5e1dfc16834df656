/** What happened to the devices: numbered, kept for a while, and handed to subscribers. */
package io.clocktower.event;
