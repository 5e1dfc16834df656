package io.clocktower.vhostuser;

/** Feature bits, as masks, that are vhost-user's own. "Protocol features". */
public final class VhostUserFeature {

    /** The device feature bit that says that there are protocol features. */
    public static final long PROTOCOL_FEATURES = 1L << 30;

    /** The device feature bit by which the front-end has the device log what it writes. "Migration". */
    public static final long LOG_ALL = 1L << 26;

    /** The device feature bits of vhost-user's own, which every device offers. */
    public static final long OWN = PROTOCOL_FEATURES | LOG_ALL;

    /** Protocol features. */
    public static final long MQ = 1L << 0;
    public static final long LOG_SHMFD = 1L << 1;
    public static final long REPLY_ACK = 1L << 3;
    public static final long RESET_DEVICE = 1L << 13;
    public static final long CONFIGURE_MEM_SLOTS = 1L << 15;
    public static final long STATUS = 1L << 16;
    public static final long DEVICE_STATE = 1L << 19;

    /** The protocol features that this back-end supports. */
    public static final long OFFERED = MQ | LOG_SHMFD | REPLY_ACK | RESET_DEVICE | CONFIGURE_MEM_SLOTS | STATUS
            | DEVICE_STATE;

    private VhostUserFeature() {}
}
