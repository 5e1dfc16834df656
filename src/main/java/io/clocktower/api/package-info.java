/** The REST control plane. */
package io.clocktower.api;
