package io.clocktower.frontend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Requests of the RTC device, as bytes. */
public final class Requests {

    public static final int READ = 0x0001;
    public static final int READ_CROSS = 0x0002;
    public static final int CFG = 0x1000;
    public static final int CLOCK_CAP = 0x1001;
    public static final int CROSS_CAP = 0x1002;
    public static final int READ_ALARM = 0x1003;
    public static final int SET_ALARM = 0x1004;
    public static final int SET_ALARM_ENABLED = 0x1005;

    public static final int OK = 0;
    public static final int EOPNOTSUPP = 2;
    public static final int ENODEV = 3;
    public static final int EINVAL = 4;
    public static final int EIO = 5;

    private Requests() {}

    private static ByteBuffer request(int bytes, int type) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).putShort(0, (short) type);
    }

    /** A request that is its head alone. */
    public static byte[] head(int type) {
        return request(8, type).array();
    }

    /** A request whose only parameter is a clock. */
    public static byte[] ofClock(int type, int clockId) {
        return request(16, type).putShort(8, (short) clockId).array();
    }

    /** A request whose parameters are a clock and a counter. */
    public static byte[] ofCounter(int type, int clockId, int counter) {
        return request(16, type).putShort(8, (short) clockId).put(10, (byte) counter).array();
    }

    public static byte[] setAlarm(int clockId, long timeNs, int flags) {
        return request(24, SET_ALARM).putLong(8, timeNs).putShort(16, (short) clockId).put(18, (byte) flags).array();
    }

    public static byte[] setAlarmEnabled(int clockId, int flags) {
        return request(16, SET_ALARM_ENABLED).putShort(8, (short) clockId).put(10, (byte) flags).array();
    }
}
