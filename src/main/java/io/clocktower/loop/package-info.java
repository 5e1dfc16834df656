/** The threads that own devices, and the ways into them and out of them: no lock, no wait. */
package io.clocktower.loop;
