/** Tells others of events, by HTTP. */
package io.clocktower.webhook;
