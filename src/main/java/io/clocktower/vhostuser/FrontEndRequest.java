package io.clocktower.vhostuser;

/** The requests of a front-end that this back-end knows. "Front-end message types". */
enum FrontEndRequest {

    // @formatter:off
    GET_FEATURES(1, 0, true),
    SET_FEATURES(2, Message.U64_BYTES, false),
    SET_OWNER(3, 0, false),
    RESET_OWNER(4, 0, false),
    SET_MEM_TABLE(5, Message.VARIABLE, false),
    SET_LOG_BASE(6, Message.LOG_BYTES, true),
    SET_LOG_FD(7, 0, false),
    SET_VRING_NUM(8, Message.VRING_STATE_BYTES, false),
    SET_VRING_ADDR(9, Message.VRING_ADDRESS_BYTES, false),
    SET_VRING_BASE(10, Message.VRING_STATE_BYTES, false),
    GET_VRING_BASE(11, Message.VRING_STATE_BYTES, true),
    SET_VRING_KICK(12, Message.U64_BYTES, false),
    SET_VRING_CALL(13, Message.U64_BYTES, false),
    SET_VRING_ERR(14, Message.U64_BYTES, false),
    GET_PROTOCOL_FEATURES(15, 0, true),
    SET_PROTOCOL_FEATURES(16, Message.U64_BYTES, false),
    GET_QUEUE_NUM(17, 0, true),
    SET_VRING_ENABLE(18, Message.VRING_STATE_BYTES, false),
    RESET_DEVICE(34, 0, false),
    GET_MAX_MEM_SLOTS(36, 0, true),
    ADD_MEM_REG(37, Message.SINGLE_REGION_BYTES, false),
    REM_MEM_REG(38, Message.SINGLE_REGION_BYTES, false),
    SET_STATUS(39, Message.U64_BYTES, false),
    GET_STATUS(40, 0, true),
    SET_DEVICE_STATE_FD(42, Message.U64_BYTES, true),
    CHECK_DEVICE_STATE(43, 0, true);
    // @formatter:on

    private static final FrontEndRequest[] BY_ID = new FrontEndRequest[CHECK_DEVICE_STATE.id + 1];

    static {
        for (FrontEndRequest request : values()) {
            BY_ID[request.id] = request;
        }
    }

    private final int id;
    private final int payloadBytes;
    private final boolean hasReply;

    /**
     * @param payloadBytes the size of its payload, {@link Message#VARIABLE} if that depends on the message
     * @param hasReply whether the back-end answers it with more than an acknowledgement
     */
    FrontEndRequest(int id, int payloadBytes, boolean hasReply) {
        this.id = id;
        this.payloadBytes = payloadBytes;
        this.hasReply = hasReply;
    }

    /** The request with this number, or null if the number is unknown. */
    static FrontEndRequest of(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }

    /** Whether the request may have a payload of this size. */
    boolean takesPayload(int bytes) {
        return payloadBytes == Message.VARIABLE || payloadBytes == bytes;
    }

    /** Whether file descriptors may come with it. */
    boolean takesDescriptors() {
        return switch (this) {
            case SET_MEM_TABLE, ADD_MEM_REG, REM_MEM_REG, SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR,
                    SET_LOG_BASE, SET_LOG_FD, SET_DEVICE_STATE_FD ->
                true;
            default -> false;
        };
    }

    /** Whether the back-end answers it with more than an acknowledgement. */
    boolean hasReply() {
        return hasReply;
    }
}
