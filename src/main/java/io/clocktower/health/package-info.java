/** Whether the service is alive and ready. */
package io.clocktower.health;
