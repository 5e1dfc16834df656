/** The record that makes up a device, and the directory that keeps it over restarts. */
package io.clocktower.state;
