/** The packaged application, and the tests of what an operator sees of it. */
package io.clocktower.app;
