/** What Prometheus scrapes. */
package io.clocktower.metrics;
