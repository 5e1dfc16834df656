/** The host's clocks as devices use them: readings, timers, and how well the clocks are kept. */
package io.clocktower.host;
