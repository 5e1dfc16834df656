/** What an operator configures, checked, and the devices it makes. */
package io.clocktower.config;
