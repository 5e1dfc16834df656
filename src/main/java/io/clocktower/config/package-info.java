/** The configuration, checked, and the devices that are created from it. */
package io.clocktower.config;
