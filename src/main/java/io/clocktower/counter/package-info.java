/** Guests' cycle counters: how they follow the host's, and where that is known from. */
package io.clocktower.counter;
