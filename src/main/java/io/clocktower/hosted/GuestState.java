package io.clocktower.hosted;

import io.clocktower.clock.ClockSpec;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.vhostuser.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What a guest has set in a device, as bytes that go to the destination of a migration. All numbers are little-endian; what
 * is not named is 0.
 *
 * <pre>
 *  0 u8 magic[8]    "clktower"
 *  8 le32 version   1
 * 12 le32 clocks    their number, n
 * 16 clock[n]       24 bytes each
 *     0 u8 type       as in VIRTIO_RTC_REQ_CLOCK_CAP
 *     1 u8 smearing   as in VIRTIO_RTC_REQ_CLOCK_CAP
 *     2 u8 flags      bit 0: it has an alarm; of the alarm, bit 1: enabled, 2: its clock has reached it, 3: a notification waits
 *     8 le64 alarm    time of the alarm, on the clock
 *    16 le64 shown    the most that a monotonic clock has shown, in nanoseconds
 * 16 + 24 n le32    CRC-32C of all before
 * </pre>
 *
 * @param clocks in the order of their ids
 */
record GuestState(List<OfClock> clocks) {

    /** The version that this release writes, and the only one that it reads. */
    static final int VERSION = 1;

    private static final byte[] MAGIC = "clktower".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER_BYTES = 16;
    private static final int CLOCK_BYTES = 24;
    private static final int SUM_BYTES = 4;
    private static final int RESERVED_OFFSET = 3;
    private static final int RESERVED_BYTES = 5;
    private static final int HAS_ALARM = 1;
    private static final int ENABLED = 2;
    private static final int REACHED = 4;
    private static final int WAITING = 8;
    private static final int FLAGS = HAS_ALARM | ENABLED | REACHED | WAITING;

    GuestState {
        clocks = List.copyOf(clocks);
    }

    /**
     * One clock. All but its type and smearing is 0 where it has no meaning.
     *
     * @param alarmNs unsigned nanoseconds on the clock
     * @param shownNs unsigned
     */
    record OfClock(int type, int smearing, int flags, long alarmNs, long shownNs) {

        /**
         * @param alarm null for a clock without
         */
        static OfClock of(ClockSpec spec, AlarmStatus alarm, long shownNs) {
            int flags = alarm == null
                    ? 0
                    : HAS_ALARM | (alarm.isEnabled() ? ENABLED : 0) | (alarm.isReached() ? REACHED : 0)
                            | (alarm.isWaiting() ? WAITING : 0);
            return new OfClock(spec.type().id(), spec.smearing().id(), flags, alarm == null ? 0 : alarm.timeNs(),
                    shownNs);
        }

        /** Whether a driver sees no difference to a clock that is specified so. */
        boolean isOf(ClockSpec spec) {
            return type == spec.type().id() && smearing == spec.smearing().id() && hasAlarm() == spec.alarm();
        }

        private boolean hasAlarm() {
            return (flags & HAS_ALARM) != 0;
        }

        /** Its alarm, in place of the one before, whose counts go on. */
        AlarmStatus alarm(AlarmStatus before) {
            return new AlarmStatus(before.clockId(), alarmNs, (flags & ENABLED) != 0, (flags & REACHED) != 0,
                    (flags & WAITING) != 0, before.expirations(), before.notifications(), before.forced());
        }
    }

    byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + CLOCK_BYTES * clocks.size() + SUM_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).putInt(VERSION).putInt(clocks.size());
        for (OfClock clock : clocks) {
            bytes.put((byte) clock.type).put((byte) clock.smearing).put((byte) clock.flags)
                    .put(new byte[RESERVED_BYTES]).putLong(clock.alarmNs).putLong(clock.shownNs);
        }
        return bytes.putInt(sum(bytes.array())).array();
    }

    /** Of all but the last four bytes. */
    private static int sum(byte[] bytes) {
        var sum = new CRC32C();
        sum.update(bytes, 0, bytes.length - SUM_BYTES);
        return (int) sum.getValue();
    }

    /**
     * @throws ProtocolException if the bytes are not what {@link #encode} makes
     */
    static GuestState decode(byte[] bytes) throws ProtocolException {
        if (bytes.length < HEADER_BYTES + SUM_BYTES) {
            throw new ProtocolException(
                    "a state of %d bytes, expected %d or more".formatted(bytes.length, HEADER_BYTES + SUM_BYTES));
        }
        ByteBuffer from = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (!from.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            throw new ProtocolException("the state of another kind of device");
        }
        int version = from.getInt(MAGIC.length);
        if (version != VERSION) {
            throw new ProtocolException("a state of version %s, expected %d: another release of Clocktower wrote it"
                    .formatted(Integer.toUnsignedString(version), VERSION));
        }
        if (from.getInt(bytes.length - SUM_BYTES) != sum(bytes)) {
            throw new ProtocolException("the checksum of the state is wrong: it is incomplete or damaged");
        }
        int count = from.getInt(HEADER_BYTES - Integer.BYTES);
        if (bytes.length != HEADER_BYTES + (long) CLOCK_BYTES * Integer.toUnsignedLong(count) + SUM_BYTES) {
            throw new ProtocolException("a state of %s clocks in %d bytes".formatted(Integer.toUnsignedString(count),
                    bytes.length));
        }
        List<OfClock> clocks = new ArrayList<>();
        for (int id = 0; id < count; id++) {
            clocks.add(clock(from.slice(HEADER_BYTES + CLOCK_BYTES * id, CLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN),
                    id));
        }
        return new GuestState(clocks);
    }

    private static OfClock clock(ByteBuffer from, int id) throws ProtocolException {
        int flags = Byte.toUnsignedInt(from.get(2));
        boolean hasNoAlarm = (flags & HAS_ALARM) == 0;
        var clock = new OfClock(Byte.toUnsignedInt(from.get(0)), Byte.toUnsignedInt(from.get(1)), flags,
                from.getLong(8), from.getLong(16));
        if ((flags & ~FLAGS) != 0 || hasNoAlarm && (flags != 0 || clock.alarmNs != 0)
                || !from.slice(RESERVED_OFFSET, RESERVED_BYTES).equals(ByteBuffer.allocate(RESERVED_BYTES))) {
            throw new ProtocolException("clock %d of the state is not valid".formatted(id));
        }
        return clock;
    }
}
