/** The Unix sockets at which devices listen, their files, and the front-ends that they accept. */
package io.clocktower.socket;
