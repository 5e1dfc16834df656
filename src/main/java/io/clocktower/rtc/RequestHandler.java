package io.clocktower.rtc;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.ServedClock;
import io.clocktower.virtqueue.DescriptorChain;
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
 * All other bytes of a response are zero. A response whose status is not OK consists of its head. A request is read once,
 * into words, so that its driver cannot change it while we look at it.
 */
final class RequestHandler {

    private static final int HEAD_BYTES = 8;
    private static final int LONGEST_BYTES = 24;
    private static final int LONGEST_WORDS = LONGEST_BYTES / Long.BYTES;

    /** The words of a request and of a response. SET_ALARM alone has its time before the clock and the flags. */
    private static final int HEAD = 0;
    private static final int PARAMS = 1;
    private static final int SET_ALARM_TIME = 1;
    private static final int SET_ALARM_PARAMS = 2;
    private static final int ALARM_FLAGS = 2;
    private static final int COUNTER_CYCLES = 2;

    private static final long LE16_MASK = 0xffff;
    private static final long BYTE_MASK = 0xff;
    /** Of hw_counter or flags in a request, of CLOCK_CAP's smearing and flags in a response. */
    private static final int PARAM_SHIFT = 16;
    private static final int SMEARING_SHIFT = 8;
    private static final int CLOCK_FLAGS_SHIFT = 16;
    private static final long FLAG_CROSS_CAP = 1;
    private static final long FLAG_ALARM_CAP = 1;
    private static final long FLAG_ALARM_ENABLED = 1;

    private final ServedClock[] clocks;
    private final HostClock host;
    private final BatchClock batchClock;
    private final Alarms alarms;
    private final long[] request = new long[LONGEST_WORDS];
    private final long[] response = new long[LONGEST_WORDS];
    private final CrossTimestamp crossTimestamp = new CrossTimestamp();
    private GuestCounter counter;

    private RequestType type = RequestType.UNKNOWN;
    private Status status = Status.OK;
    /** The reading that all requests of a batch for one clock are given. */
    private long readingNs;
    private int readingClock = RequestRun.NO_CLOCK;
    private int clockId;
    private int param;
    private int readClock;

    RequestHandler(List<ServedClock> clocks, HostClock host, Alarms alarms) {
        this.clocks = clocks.toArray(ServedClock[]::new);
        this.host = host;
        this.alarms = alarms;
        batchClock = new BatchClock(host);
    }

    /** Sets the guest's counter, or null if it is not known. */
    void setCounter(GuestCounter counter) {
        this.counter = counter;
        crossTimestamp.forget();
    }

    /** All requests up to the next call were seen to be available before this one. */
    void beginBatch() {
        batchClock.begin();
        readingClock = RequestRun.NO_CLOCK;
    }

    /** Reads a request, and answers its type. */
    RequestType take(DescriptorChain chain) {
        RequestType taken = typeOf(chain);
        // A reference that is stored costs more than one that is compared.
        if (taken != type) {
            type = taken;
        }
        return taken;
    }

    /**
     * Answers the request that was taken into its own buffer.
     *
     * @return how many bytes of the device-writable part were written
     */
    int answer(DescriptorChain chain) {
        readClock = RequestRun.NO_CLOCK;
        Status end = chain.writableBytes() == 0 ? Status.NO_ROOM : execute(chain);
        if (end != status) {
            status = end;
        }
        if (end == Status.NO_ROOM) {
            return 0;
        }
        response[HEAD] = Byte.toUnsignedLong(end.id());
        int bytes = end == Status.OK ? type.responseBytes() : (int) Math.min(HEAD_BYTES, chain.writableBytes());
        chain.write(response, bytes);
        return bytes;
    }

    /** How the request that was answered last ended. */
    Status status() {
        return status;
    }

    /** The clock whose reading it was given, or {@link RequestRun#NO_CLOCK}. */
    int readClock() {
        return readClock;
    }

    private RequestType typeOf(DescriptorChain chain) {
        if (chain.readableBytes() < HEAD_BYTES) {
            return RequestType.UNKNOWN;
        }
        chain.read(request, (int) Math.min(LONGEST_BYTES, chain.readableBytes()));
        return RequestType.of((int) (request[HEAD] & LE16_MASK));
    }

    private Status execute(DescriptorChain chain) {
        if (chain.readableBytes() < HEAD_BYTES) {
            return Status.EINVAL;
        }
        if (type == RequestType.UNKNOWN) {
            return Status.EOPNOTSUPP;
        }
        if (chain.readableBytes() < type.requestBytes() || chain.writableBytes() < type.responseBytes()) {
            return Status.EINVAL;
        }
        long params = request[type == RequestType.SET_ALARM ? SET_ALARM_PARAMS : PARAMS];
        clockId = (int) (params & LE16_MASK);
        param = (int) (params >>> PARAM_SHIFT & BYTE_MASK);
        return switch (type) {
            case READ -> read();
            case CFG -> cfg();
            case CLOCK_CAP -> clockCap();
            case CROSS_CAP -> crossCap();
            case READ_CROSS -> readCross();
            case READ_ALARM -> readAlarm();
            case SET_ALARM -> setAlarm();
            case SET_ALARM_ENABLED -> setAlarmEnabled();
            case UNKNOWN -> throw new AssertionError();
        };
    }

    private Status cfg() {
        response[PARAMS] = clocks.length;
        return Status.OK;
    }

    private Status clockCap() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        ClockSpec spec = clocks[clockId].spec();
        response[PARAMS] = spec.type().id() | (long) spec.smearing().id() << SMEARING_SHIFT
                | (hasAlarm() ? FLAG_ALARM_CAP << CLOCK_FLAGS_SHIFT : 0);
        return Status.OK;
    }

    private Status crossCap() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        if (param != GuestCounter.ARM_VCT && param != GuestCounter.X86_TSC) {
            return Status.EOPNOTSUPP;
        }
        response[PARAMS] = hasCounter() ? FLAG_CROSS_CAP : 0;
        return Status.OK;
    }

    private Status read() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        if (readingClock != clockId) {
            readingNs = clocks[clockId].readNs(batchClock);
            readingClock = clockId;
        }
        if (!ServedClock.isRepresentable(readingNs)) {
            return Status.EIO;
        }
        response[PARAMS] = readingNs;
        readClock = clockId;
        return Status.OK;
    }

    private Status readCross() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        if (!hasCounter()) {
            return Status.EOPNOTSUPP;
        }
        // It has a reading of its own, before which no later request's may be.
        beginBatch();
        if (!crossTimestamp.take(clocks[clockId], counter, host)) {
            return Status.EIO;
        }
        response[PARAMS] = crossTimestamp.clockReading();
        response[COUNTER_CYCLES] = crossTimestamp.counterCycles();
        readClock = clockId;
        return Status.OK;
    }

    private Status readAlarm() {
        if (!hasAlarm()) {
            return Status.ENODEV;
        }
        response[PARAMS] = alarms.timeNs(clockId);
        response[ALARM_FLAGS] = alarms.isEnabled(clockId) ? FLAG_ALARM_ENABLED : 0;
        return Status.OK;
    }

    private Status setAlarm() {
        if (!hasAlarm()) {
            return Status.ENODEV;
        }
        if (hasUnknownFlags()) {
            return Status.EINVAL;
        }
        alarms.set(clockId, request[SET_ALARM_TIME], isEnabling());
        return Status.OK;
    }

    private Status setAlarmEnabled() {
        if (!hasAlarm()) {
            return Status.ENODEV;
        }
        if (hasUnknownFlags()) {
            return Status.EINVAL;
        }
        alarms.setEnabled(clockId, isEnabling());
        return Status.OK;
    }

    /** "If VIRTIO_RTC_F_ALARM has not been negotiated, the device MUST NOT support the alarm messages." */
    private boolean hasAlarm() {
        return alarms.isNegotiated() && hasClock() && alarms.has(clockId);
    }

    private boolean hasUnknownFlags() {
        return (param & ~FLAG_ALARM_ENABLED) != 0;
    }

    private boolean isEnabling() {
        return param == FLAG_ALARM_ENABLED;
    }

    private boolean hasClock() {
        return clockId < clocks.length;
    }

    private boolean hasCounter() {
        return counter != null && counter.id() == param;
    }
}
