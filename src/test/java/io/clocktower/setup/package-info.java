/** What tests run besides Clocktower, and scripts beside the tests set up. */
package io.clocktower.setup;
