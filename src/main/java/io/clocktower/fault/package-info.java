/** What operators inject into the time that a device serves, as immutable values that any thread may ask. */
package io.clocktower.fault;
