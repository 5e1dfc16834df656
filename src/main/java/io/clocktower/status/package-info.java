/** What others than its loop see of a device: its status at one time, and its counts, which any thread may read. */
package io.clocktower.status;
