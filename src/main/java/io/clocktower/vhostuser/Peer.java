package io.clocktower.vhostuser;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.UnixSocket;

/** The process at the other end of a connection, as the kernel knew it when it connected (SO_PEERCRED). */
public record Peer(long pid, long uid, long gid) {

    static Peer of(Descriptor socket) {
        UnixSocket.Credentials credentials = UnixSocket.peer(socket);
        return new Peer(credentials.pid(), credentials.uid(), credentials.gid());
    }
}
