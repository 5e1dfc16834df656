package io.clocktower.rtc;

import static io.clocktower.virtqueue.LittleEndian.LE16;
import static io.clocktower.virtqueue.LittleEndian.LE64;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.ServedClock;
import io.clocktower.virtqueue.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Answers the requests of the requestq. VIRTIO 1.4, "RTC Device", "Device Operation".
 *
 * <pre>
 * request head           the params of most     response head          READ         CFG
 *   0 le16 msg_type        8 le16 clock_id        0 u8 status            8 le64       8 le16 num_clocks
 *   2 u8 reserved[6]      10 u8 hw_counter        1 u8 reserved[7]
 *                         or 10 u8 flags                               CLOCK_CAP    8 u8 type, 9 u8 smearing, 10 u8 flags
 *                         11 u8 reserved[5]                            CROSS_CAP    8 u8 flags
 *                                                                      READ_ALARM   8 le64 alarm_time, 16 u8 flags
 * SET_ALARM
 *   8 le64 alarm_time, 16 le16 clock_id, 18 u8 flags, 19 u8 reserved[5]
 * </pre>
 *
 * What a response does not say is zero. A response whose status is not OK is its head alone.
 */
final class RequestHandler {

    private static final int HEAD_BYTES = 8;
    private static final int LONGEST_BYTES = 24;
    private static final int CLOCK_ID_OFFSET = 8;
    private static final int HW_COUNTER_OFFSET = 10;
    private static final int CLOCK_READING_OFFSET = 8;
    private static final int NUM_CLOCKS_OFFSET = 8;
    private static final int TYPE_OFFSET = 8;
    private static final int SMEARING_OFFSET = 9;

    private static final int CLOCK_FLAGS_OFFSET = 10;
    private static final int REQUEST_FLAGS_OFFSET = 10;
    private static final int ALARM_TIME_OFFSET = 8;
    private static final int ALARM_FLAGS_OFFSET = 16;
    private static final int SET_ALARM_CLOCK_ID_OFFSET = 16;
    private static final int CROSS_FLAGS_OFFSET = 8;
    private static final int COUNTER_CYCLES_OFFSET = 16;
    private static final byte FLAG_CROSS_CAP = 1;
    private static final byte FLAG_ALARM_CAP = 1;
    private static final byte FLAG_ALARM_ENABLED = 1;

    private final List<ServedClock> clocks;
    private final HostClock host;
    private final Alarms alarms;
    private final RequestObserver observer;
    private final MemorySegment request = MemorySegment.ofArray(new long[LONGEST_BYTES / Long.BYTES]);
    private final MemorySegment response = MemorySegment.ofArray(new long[LONGEST_BYTES / Long.BYTES]);

    private RequestType type = RequestType.UNKNOWN;
    private final CrossTimestamp crossTimestamp = new CrossTimestamp();
    private GuestCounter counter;

    RequestHandler(List<ServedClock> clocks, HostClock host, Alarms alarms, RequestObserver observer) {
        this.clocks = clocks;
        this.host = host;
        this.alarms = alarms;
        this.observer = observer;
    }

    /** The guest's counter, or null where it is not known. */
    void setCounter(GuestCounter counter) {
        this.counter = counter;
        crossTimestamp.forget();
    }

    /**
     * Answers one request into its own buffer.
     *
     * @return how many bytes of the device-writable part were written
     */
    int handle(DescriptorChain chain) {
        type = typeOf(chain);
        response.fill((byte) 0);
        Status status = chain.writableBytes() == 0 ? Status.NO_ROOM : execute(type, chain);
        observer.onRequest(type, status);
        if (status == Status.NO_ROOM) {
            return 0;
        }
        response.set(JAVA_BYTE, 0, status.id());
        int bytes = status == Status.OK ? type.responseBytes() : (int) Math.min(HEAD_BYTES, chain.writableBytes());
        chain.write(response, bytes);
        return bytes;
    }

    /** The type of the request that was answered last. */
    RequestType type() {
        return type;
    }

    private RequestType typeOf(DescriptorChain chain) {
        if (chain.readableBytes() < HEAD_BYTES) {
            return RequestType.UNKNOWN;
        }
        chain.read(request, Math.min(LONGEST_BYTES, chain.readableBytes()));
        return RequestType.of(Short.toUnsignedInt(request.get(LE16, 0)));
    }

    private Status execute(RequestType type, DescriptorChain chain) {
        if (chain.readableBytes() < HEAD_BYTES) {
            return Status.EINVAL;
        }
        if (type == RequestType.UNKNOWN) {
            return Status.EOPNOTSUPP;
        }
        if (chain.readableBytes() < type.requestBytes() || chain.writableBytes() < type.responseBytes()) {
            return Status.EINVAL;
        }
        return switch (type) {
            case CFG -> cfg();
            case CLOCK_CAP -> clockCap();
            case CROSS_CAP -> crossCap();
            case READ -> read();
            case READ_CROSS -> readCross();
            case READ_ALARM -> readAlarm();
            case SET_ALARM -> setAlarm();
            case SET_ALARM_ENABLED -> setAlarmEnabled();
            case UNKNOWN -> throw new AssertionError();
        };
    }

    private Status cfg() {
        response.set(LE16, NUM_CLOCKS_OFFSET, (short) clocks.size());
        return Status.OK;
    }

    private Status clockCap() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        ServedClock clock = clocks.get(clockId());
        response.set(JAVA_BYTE, TYPE_OFFSET, (byte) clock.spec().type().id());
        response.set(JAVA_BYTE, SMEARING_OFFSET, (byte) clock.spec().smearing().id());
        if (hasAlarm()) {
            response.set(JAVA_BYTE, CLOCK_FLAGS_OFFSET, FLAG_ALARM_CAP);
        }
        return Status.OK;
    }

    private Status crossCap() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        int wanted = hwCounter();
        if (wanted != GuestCounter.ARM_VCT && wanted != GuestCounter.X86_TSC) {
            return Status.EOPNOTSUPP;
        }
        response.set(JAVA_BYTE, CROSS_FLAGS_OFFSET, hasCounter() ? FLAG_CROSS_CAP : 0);
        return Status.OK;
    }

    private Status read() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        long readingNs = clocks.get(clockId()).readNs(host);
        if (!ServedClock.isRepresentable(readingNs)) {
            return Status.EIO;
        }
        response.set(LE64, CLOCK_READING_OFFSET, readingNs);
        observer.onRead(clockId());
        return Status.OK;
    }

    private Status readCross() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        if (!hasCounter()) {
            return Status.EOPNOTSUPP;
        }
        if (!crossTimestamp.take(clocks.get(clockId()), counter, host)) {
            return Status.EIO;
        }
        response.set(LE64, CLOCK_READING_OFFSET, crossTimestamp.clockReading());
        response.set(LE64, COUNTER_CYCLES_OFFSET, crossTimestamp.counterCycles());
        observer.onRead(clockId());
        return Status.OK;
    }

    private Status readAlarm() {
        if (!hasAlarm()) {
            return Status.ENODEV;
        }
        response.set(LE64, ALARM_TIME_OFFSET, alarms.timeNs(clockId()));
        response.set(JAVA_BYTE, ALARM_FLAGS_OFFSET, alarms.isEnabled(clockId()) ? FLAG_ALARM_ENABLED : 0);
        return Status.OK;
    }

    private Status setAlarm() {
        long timeNs = request.get(LE64, ALARM_TIME_OFFSET);
        // This request alone has its time before the clock and the flags.
        MemorySegment.copy(request, SET_ALARM_CLOCK_ID_OFFSET, request, CLOCK_ID_OFFSET, Long.BYTES);
        if (!hasAlarm()) {
            return Status.ENODEV;
        }
        if (hasUnknownFlags()) {
            return Status.EINVAL;
        }
        alarms.set(clockId(), timeNs, isEnabling());
        return Status.OK;
    }

    private Status setAlarmEnabled() {
        if (!hasAlarm()) {
            return Status.ENODEV;
        }
        if (hasUnknownFlags()) {
            return Status.EINVAL;
        }
        alarms.setEnabled(clockId(), isEnabling());
        return Status.OK;
    }

    /** "If VIRTIO_RTC_F_ALARM has not been negotiated, the device MUST NOT support the alarm messages." */
    private boolean hasAlarm() {
        return alarms.isNegotiated() && hasClock() && alarms.has(clockId());
    }

    private boolean hasUnknownFlags() {
        return (request.get(JAVA_BYTE, REQUEST_FLAGS_OFFSET) & ~FLAG_ALARM_ENABLED) != 0;
    }

    private boolean isEnabling() {
        return request.get(JAVA_BYTE, REQUEST_FLAGS_OFFSET) == FLAG_ALARM_ENABLED;
    }

    private boolean hasClock() {
        return clockId() < clocks.size();
    }

    private int clockId() {
        return Short.toUnsignedInt(request.get(LE16, CLOCK_ID_OFFSET));
    }

    private int hwCounter() {
        return Byte.toUnsignedInt(request.get(JAVA_BYTE, HW_COUNTER_OFFSET));
    }

    private boolean hasCounter() {
        return counter != null && counter.id() == hwCounter();
    }
}
