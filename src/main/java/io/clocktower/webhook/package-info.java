/** Sends events to HTTP receivers. */
package io.clocktower.webhook;
