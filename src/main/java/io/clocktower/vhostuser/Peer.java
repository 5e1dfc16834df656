package io.clocktower.vhostuser;

/** The process at the other end of a connection, as the kernel knew it when it connected (SO_PEERCRED). */
public record Peer(long pid, long uid, long gid) {}
