package io.clocktower.rtc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.clocktower.clock.HostClock;
import io.clocktower.clock.ServedClock;
import io.clocktower.virtqueue.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Answers the requests of the requestq. VIRTIO 1.4, "RTC Device", "Device Operation".
 *
 * <pre>
 * request head           the params of most     response head          READ         CFG
 *   0 le16 msg_type        8 le16 clock_id        0 u8 status            8 le64       8 le16 num_clocks
 *   2 u8 reserved[6]      10 u8 hw_counter        1 u8 reserved[7]
 *                         11 u8 reserved[5]                            CLOCK_CAP    8 u8 type, 9 u8 smearing, 10 u8 flags
 *                                                                      CROSS_CAP    8 u8 flags
 * </pre>
 *
 * What a response does not say is zero. A response whose status is not OK is its head alone.
 */
final class RequestHandler {

    private static final ValueLayout.OfShort LE16 = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int HEAD_BYTES = 8;
    private static final int LONGEST_BYTES = 24;
    private static final int CLOCK_ID_OFFSET = 8;
    private static final int HW_COUNTER_OFFSET = 10;
    private static final int CLOCK_READING_OFFSET = 8;
    private static final int NUM_CLOCKS_OFFSET = 8;
    private static final int TYPE_OFFSET = 8;
    private static final int SMEARING_OFFSET = 9;

    private static final int COUNTER_ARM_VCT = 0;
    private static final int COUNTER_X86_TSC = 1;

    private final List<ServedClock> clocks;
    private final HostClock host;
    private final RequestObserver observer;
    private final MemorySegment request = MemorySegment.ofArray(new long[LONGEST_BYTES / Long.BYTES]);
    private final MemorySegment response = MemorySegment.ofArray(new long[LONGEST_BYTES / Long.BYTES]);

    RequestHandler(List<ServedClock> clocks, HostClock host, RequestObserver observer) {
        this.clocks = clocks;
        this.host = host;
        this.observer = observer;
    }

    /**
     * Answers one request into its own buffer.
     *
     * @return how many bytes of the device-writable part were written
     */
    int handle(DescriptorChain chain) {
        RequestType type = typeOf(chain);
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
            // "If VIRTIO_RTC_F_ALARM has not been negotiated, the device MUST set status VIRTIO_RTC_S_ENODEV".
            case READ_ALARM, SET_ALARM, SET_ALARM_ENABLED -> Status.ENODEV;
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
        return Status.OK;
    }

    /** No counter of the guest is known to us, so the flags stay clear. */
    private Status crossCap() {
        if (!hasClock()) {
            return Status.ENODEV;
        }
        return knowsCounter() ? Status.OK : Status.EOPNOTSUPP;
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
        return hasClock() ? Status.EOPNOTSUPP : Status.ENODEV;
    }

    private boolean hasClock() {
        return clockId() < clocks.size();
    }

    private int clockId() {
        return Short.toUnsignedInt(request.get(LE16, CLOCK_ID_OFFSET));
    }

    private boolean knowsCounter() {
        int counter = Byte.toUnsignedInt(request.get(JAVA_BYTE, HW_COUNTER_OFFSET));
        return counter == COUNTER_ARM_VCT || counter == COUNTER_X86_TSC;
    }
}
