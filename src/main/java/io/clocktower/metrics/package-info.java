/** The metrics that Prometheus scrapes. */
package io.clocktower.metrics;
