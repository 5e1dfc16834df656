/**
 * The back-end side of vhost-user: messages, negotiation, and the vrings of one front-end. Section titles in this
 * package are those of QEMU's "Vhost-user Protocol". Everything here belongs to the thread of its reactor.
 */
package io.clocktower.vhostuser;
