package io.clocktower.device;

import static io.clocktower.frontend.Requests.CFG;
import static io.clocktower.frontend.Requests.CLOCK_CAP;
import static io.clocktower.frontend.Requests.CROSS_CAP;
import static io.clocktower.frontend.Requests.EINVAL;
import static io.clocktower.frontend.Requests.EIO;
import static io.clocktower.frontend.Requests.ENODEV;
import static io.clocktower.frontend.Requests.EOPNOTSUPP;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.READ_ALARM;
import static io.clocktower.frontend.Requests.READ_CROSS;
import static io.clocktower.frontend.Requests.head;
import static io.clocktower.frontend.Requests.ofClock;
import static io.clocktower.frontend.Requests.ofCounter;
import static io.clocktower.frontend.Requests.setAlarm;
import static io.clocktower.frontend.Requests.setAlarmEnabled;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.conformance.Proves;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Guest.Offer;
import io.clocktower.frontend.Guest.Response;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every request over a real socket and shared memory: status, used length, and the bytes behind it; by ring format. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RequestsContract {

    /** The features that the driver negotiates. */
    abstract long features();

    private static final int ARM_VCT = 0;
    private static final int X86_TSC = 1;
    private static final int NO_COUNTER = 0xff;

    private Devices devices;
    private Guest guest;

    @BeforeAll
    void start() throws Exception {
        devices = new Devices("vm0");
        guest = new Guest(devices.socket("vm0"), features(), 256, 0);
    }

    @AfterAll
    void stop() throws Exception {
        guest.close();
        devices.close();
    }

    Stream<Arguments> requests() {
        return Stream.concat(requestsOfClocks(), hasAlarm() ? alarmRequests() : alarmRequestsWithoutTheFeature());
    }

    private boolean hasAlarm() {
        return (features() & Alarmq.F_ALARM) != 0;
    }

    private static Stream<Arguments> alarmRequestsWithoutTheFeature() {
        return Stream.of(
                // "If VIRTIO_RTC_F_ALARM has not been negotiated, the device MUST set status VIRTIO_RTC_S_ENODEV".
                row("READ_ALARM", ofClock(READ_ALARM, 0), 24, ENODEV, 8),
                row("SET_ALARM", setAlarm(0, 1, 1), 8, ENODEV, 8),
                row("SET_ALARM_ENABLED", setAlarmEnabled(0, 1), 8, ENODEV, 8));
    }

    private static Stream<Arguments> alarmRequests() {
        return Stream.of(row("READ_ALARM", ofClock(READ_ALARM, 0), 24, OK, 24),
                row("READ_ALARM with 64 bytes of room", ofClock(READ_ALARM, 0), 64, OK, 24),
                row("READ_ALARM with 23 bytes of room", ofClock(READ_ALARM, 0), 23, EINVAL, 8),
                row("READ_ALARM of 15 bytes", cut(ofClock(READ_ALARM, 0), 15), 24, EINVAL, 8),
                row("READ_ALARM of a clock without one", ofClock(READ_ALARM, 1), 24, ENODEV, 8),
                row("READ_ALARM of clock 4", ofClock(READ_ALARM, 4), 24, ENODEV, 8),
                // "the device MUST accept any alarm_time value".
                row("SET_ALARM to 0", setAlarm(0, 0, 0), 8, OK, 8), row("SET_ALARM to 1", setAlarm(0, 1, 0), 8, OK, 8),
                row("SET_ALARM to 2^63", setAlarm(0, Long.MIN_VALUE, 1), 8, OK, 8),
                row("SET_ALARM to 2^64-1", setAlarm(0, -1, 1), 8, OK, 8),
                row("SET_ALARM of 64 bytes", padded(setAlarm(0, -1, 1), 64), 8, OK, 8),
                row("SET_ALARM with 16 bytes of room", setAlarm(0, -1, 1), 16, OK, 8),
                row("SET_ALARM with 7 bytes of room", setAlarm(0, -1, 1), 7, EINVAL, 7),
                row("SET_ALARM of 23 bytes", cut(setAlarm(0, -1, 1), 23), 8, EINVAL, 8),
                row("SET_ALARM with unknown flags", setAlarm(0, -1, 2), 8, EINVAL, 8),
                row("SET_ALARM with all flags", setAlarm(0, -1, 0xff), 8, EINVAL, 8),
                row("SET_ALARM of a clock without one", setAlarm(2, -1, 1), 8, ENODEV, 8),
                row("SET_ALARM of clock 65535", setAlarm(65535, -1, 1), 8, ENODEV, 8),
                row("SET_ALARM_ENABLED", setAlarmEnabled(0, 1), 8, OK, 8),
                row("SET_ALARM_ENABLED, not", setAlarmEnabled(0, 0), 8, OK, 8),
                row("SET_ALARM_ENABLED with unknown flags", setAlarmEnabled(0, 4), 8, EINVAL, 8),
                row("SET_ALARM_ENABLED of 15 bytes", cut(setAlarmEnabled(0, 0), 15), 8, EINVAL, 8),
                row("SET_ALARM_ENABLED with 1 byte of room", setAlarmEnabled(0, 0), 1, EINVAL, 1),
                row("SET_ALARM_ENABLED of a clock without one", setAlarmEnabled(3, 0), 8, ENODEV, 8),
                row("SET_ALARM_ENABLED of clock 4", setAlarmEnabled(4, 0), 8, ENODEV, 8));
    }

    private static Stream<Arguments> requestsOfClocks() {
        return Stream.of(row("CFG", head(CFG), 16, OK, 16),
                row("CLOCK_CAP of clock 0", ofClock(CLOCK_CAP, 0), 16, OK, 16),
                row("CLOCK_CAP of clock 1", ofClock(CLOCK_CAP, 1), 16, OK, 16),
                row("CLOCK_CAP of clock 2", ofClock(CLOCK_CAP, 2), 16, OK, 16),
                row("CLOCK_CAP of clock 3", ofClock(CLOCK_CAP, 3), 16, OK, 16),
                row("READ of clock 0", ofClock(READ, 0), 16, OK, 16),
                row("READ of clock 1", ofClock(READ, 1), 16, OK, 16),
                row("READ of clock 2", ofClock(READ, 2), 16, OK, 16),
                row("READ of clock 3", ofClock(READ, 3), 16, OK, 16),
                row("CLOCK_CAP with 8 bytes of room", ofClock(CLOCK_CAP, 0), 8, EINVAL, 8),
                row("CLOCK_CAP with 2 bytes of room", ofClock(CLOCK_CAP, 0), 2, EINVAL, 2),
                row("CROSS_CAP with 15 bytes of room", ofCounter(CROSS_CAP, 0, X86_TSC), 15, EINVAL, 8),
                row("READ_CROSS with 23 bytes of room", ofCounter(READ_CROSS, 0, X86_TSC), 23, EINVAL, 8),
                row("READ_CROSS of clock 65535", ofCounter(READ_CROSS, 65535, X86_TSC), 24, ENODEV, 8),

                // "VIRTIO_RTC_S_EOPNOTSUPP for a request with a value of the msg_type field which is not described".
                row("unknown type 0", head(0), 16, EOPNOTSUPP, 8), row("unknown type 3", head(3), 16, EOPNOTSUPP, 8),
                row("unknown type 0x1006", head(0x1006), 16, EOPNOTSUPP, 8),
                row("unknown type 0x2000", head(0x2000), 16, EOPNOTSUPP, 8),
                row("unknown type 0xffff", head(0xffff), 16, EOPNOTSUPP, 8),
                row("unknown type, one byte of room", head(0xffff), 1, EOPNOTSUPP, 1),
                // "VIRTIO_RTC_S_ENODEV if the clock_id field value ... does not identify a clock".
                row("CLOCK_CAP of clock 4", ofClock(CLOCK_CAP, 4), 16, ENODEV, 8),
                row("CLOCK_CAP of clock 65535", ofClock(CLOCK_CAP, 65535), 16, ENODEV, 8),
                row("READ of clock 4", ofClock(READ, 4), 16, ENODEV, 8),
                row("READ of clock 256", ofClock(READ, 256), 16, ENODEV, 8),
                row("READ of clock 65535", ofClock(READ, 65535), 16, ENODEV, 8),
                row("CROSS_CAP of clock 4", ofCounter(CROSS_CAP, 4, X86_TSC), 16, ENODEV, 8),
                row("READ_CROSS of clock 4", ofCounter(READ_CROSS, 4, X86_TSC), 24, ENODEV, 8),
                // "VIRTIO_RTC_S_EOPNOTSUPP for a request with a value of the hw_counter field which is neither
                // described in this specification nor otherwise known to the implementation".
                row("CROSS_CAP of counter 2", ofCounter(CROSS_CAP, 0, 2), 16, EOPNOTSUPP, 8),
                row("CROSS_CAP of counter 0xf0", ofCounter(CROSS_CAP, 0, 0xf0), 16, EOPNOTSUPP, 8),
                row("CROSS_CAP of no counter", ofCounter(CROSS_CAP, 0, NO_COUNTER), 16, EOPNOTSUPP, 8),
                row("READ_CROSS of counter 2", ofCounter(READ_CROSS, 0, 2), 24, EOPNOTSUPP, 8),
                row("READ_CROSS of the TSC", ofCounter(READ_CROSS, 0, X86_TSC), 24, EOPNOTSUPP, 8),
                row("READ_CROSS of the VCT", ofCounter(READ_CROSS, 3, ARM_VCT), 24, EOPNOTSUPP, 8),
                // "VIRTIO_RTC_S_EINVAL if the request ... does not fit into the device read-only buffer".
                row("no request at all", new byte[0], 16, EINVAL, 8), row("one byte", new byte[1], 16, EINVAL, 8),
                row("head of 7 bytes", cut(head(CFG), 7), 16, EINVAL, 8),
                row("READ of 8 bytes", head(READ), 16, EINVAL, 8),
                row("READ of 15 bytes", cut(ofClock(READ, 0), 15), 16, EINVAL, 8),
                row("CLOCK_CAP of 15 bytes", cut(ofClock(CLOCK_CAP, 0), 15), 16, EINVAL, 8),
                row("CROSS_CAP of 10 bytes", cut(ofCounter(CROSS_CAP, 0, 1), 10), 16, EINVAL, 8),
                row("READ_CROSS of 15 bytes", cut(ofCounter(READ_CROSS, 0, 1), 15), 24, EINVAL, 8),
                row("SET_ALARM of 16 bytes", cut(setAlarm(0, 0, 0), 16), 8, EINVAL, 8),
                // "VIRTIO_RTC_S_EINVAL if the response ... does not fit into the device write-only buffer, unless the
                // status field does not fit".
                row("CFG with 15 bytes of room", head(CFG), 15, EINVAL, 8),
                row("CFG with 8 bytes of room", head(CFG), 8, EINVAL, 8),
                row("CFG with 7 bytes of room", head(CFG), 7, EINVAL, 7),
                row("CFG with 1 byte of room", head(CFG), 1, EINVAL, 1),
                row("READ with 15 bytes of room", ofClock(READ, 0), 15, EINVAL, 8),
                row("READ with 1 byte of room", ofClock(READ, 0), 1, EINVAL, 1),
                row("READ_CROSS with 16 bytes of room", ofCounter(READ_CROSS, 0, 1), 16, EINVAL, 8),
                row("READ of a wrong clock with 15 bytes of room", ofClock(READ, 9), 15, EINVAL, 8),
                // "If the device read-only buffer is bigger ..., the device MUST ignore the additional space."
                row("CFG of 64 bytes", padded(head(CFG), 64), 16, OK, 16),
                row("READ of 4096 bytes", padded(ofClock(READ, 1), 4096), 16, OK, 16),
                // "If the device write-only buffer is bigger ..., the device MUST ignore the additional space."
                row("CFG with 64 bytes of room", head(CFG), 64, OK, 16),
                row("CLOCK_CAP with 17 bytes of room", ofClock(CLOCK_CAP, 0), 17, OK, 16),
                row("READ with 4096 bytes of room", ofClock(READ, 0), 4096, OK, 16),
                row("CROSS_CAP of the TSC", ofCounter(CROSS_CAP, 0, X86_TSC), 16, OK, 16),
                row("CROSS_CAP of the VCT", ofCounter(CROSS_CAP, 1, ARM_VCT), 16, OK, 16));
    }

    private static Arguments row(String name, byte[] request, int room, int status, int used) {
        return Arguments.of(name, request, room, status, used);
    }

    private static byte[] cut(byte[] request, int bytes) {
        return Arrays.copyOf(request, bytes);
    }

    private static byte[] padded(byte[] request, int bytes) {
        byte[] padded = Arrays.copyOf(request, bytes);
        Arrays.fill(padded, request.length, bytes, (byte) 0x5a);
        return padded;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("requests")
    @Proves({"rtc-operation-01", "rtc-operation-02", "rtc-operation-03", "rtc-operation-04", "rtc-operation-05",
            "rtc-operation-06", "rtc-operation-08", "rtc-operation-09", "rtc-operation-12", "rtc-operation-13",
            "rtc-operation-14", "rtc-alarm-control-01"})
    void eachRequestGetsItsStatusAndTouchesNoMoreThanItSays(String name, byte[] request, int room, int status,
            int used) {
        Response response = guest.request(request, room);

        assertEquals(status, response.status());
        assertEquals(used, response.usedLength());
        assertTrue(response.isUntouchedFrom(used), "bytes behind the used length were written");
        assertReservedHeadIsZero(response, used);
    }

    /** "a device SHOULD NOT read a device-writable buffer", and "MUST NOT write to a device-readable buffer". */
    @ParameterizedTest(name = "{0}")
    @MethodSource("requests")
    @Proves({"split-table-01", "split-table-02", "packed-table-01", "packed-table-02", "rtc-operation-12",
            "rtc-operation-13"})
    void neitherPartOfTheBufferIsTakenForTheOther(String name, byte[] request, int room, int status, int used) {
        guest.request(request, room);
        byte[] valid = setAlarm(0, 1, 0);
        for (byte[] pattern : List.of(new byte[1], new byte[]{(byte) 0xff}, ofClock(READ, 0), head(CFG), valid)) {
            byte[] content = new byte[room];
            for (int i = 0; i < room; i++) {
                content[i] = pattern[i % pattern.length];
            }
            Offer offer = guest.offer(request, content);
            assertEquals(used, guest.awaitUsed().length());
            byte[] response = guest.memory().read(offer.response(), room);
            assertEquals(status, response[0]);
            assertArrayEquals(Arrays.copyOfRange(content, used, room), Arrays.copyOfRange(response, used, room));
            assertArrayEquals(request, guest.memory().read(offer.request(), request.length), "device-readable");
        }
    }

    private static void assertReservedHeadIsZero(Response response, int used) {
        // "The device MUST set reserved fields in a device-writable buffer to zero."
        for (int i = 1; i < Math.min(8, used); i++) {
            assertEquals(0, response.bytes()[i], "reserved byte " + i);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("requests")
    @Proves("split-framing-01")
    void eachRequestIsTheSameHoweverItIsCut(String name, byte[] request, int room, int status, int used) {
        for (boolean isIndirect : new boolean[]{false, true}) {
            for (int pieces = 1; pieces <= 3; pieces++) {
                Response response = guest.request(request, pieces(request.length, pieces), room, pieces(room, pieces),
                        isIndirect);
                assertEquals(status, response.status());
                assertEquals(used, response.usedLength());
                assertTrue(response.isUntouchedFrom(used));
            }
        }
    }

    /** So many bytes in so many pieces, the last of them one byte where there are as many. */
    private static List<Integer> pieces(int bytes, int count) {
        if (bytes < count) {
            return bytes == 0 ? List.of() : List.of(bytes);
        }
        int first = bytes - (count - 1);
        return IntStream.range(0, count).mapToObj(i -> i == 0 ? first : 1).toList();
    }

    @Test
    @Proves("split-framing-01")
    void aRequestCutIntoSingleBytesIsAnswered() {
        Response response = guest.request(ofClock(READ, 1), singles(16), 16, singles(16), false);

        assertEquals(OK, response.status());
        assertEquals(16, response.usedLength());
        assertEquals(devices.clock().taiNs(), response.le64(8));
    }

    private static List<Integer> singles(int count) {
        return IntStream.range(0, count).mapToObj(_ -> 1).toList();
    }

    /** "the device MUST NOT set the status field if the status field does not fit into the device write-only buffer". */
    @Test
    @Proves("rtc-operation-10")
    void nothingIsWrittenWhereTheStatusDoesNotFit() {
        for (byte[] request : List.of(head(CFG), ofClock(READ, 0), head(0xffff), new byte[3])) {
            assertEquals(0, guest.request(request, 0).usedLength());
        }
    }

    @Test
    @Proves("rtc-operation-14")
    void cfgAnswersTheNumberOfClocks() {
        Response response = guest.request(head(CFG), 16);

        assertEquals(4, response.le16(8));
        assertArrayEquals(new byte[6], Arrays.copyOfRange(response.bytes(), 10, 16), "reserved");
    }

    @Test
    @Proves({"rtc-operation-14", "rtc-operation-15", "rtc-control-21", "rtc-control-22"})
    void clockCapAnswersTypeAndSmearing() {
        int[][] expected = {{3, 1}, {1, 0}, {2, 0}, {0, 0}};
        for (int id = 0; id < expected.length; id++) {
            byte[] response = guest.request(ofClock(CLOCK_CAP, id), 16).bytes();
            assertEquals(expected[id][0], response[8], "type of clock " + id);
            assertEquals(expected[id][1], response[9], "smearing of clock " + id);
            assertEquals(hasAlarm() && id == 0 ? 1 : 0, response[10], "flags of clock " + id);
            assertArrayEquals(new byte[5], Arrays.copyOfRange(response, 11, 16), "reserved");
        }
    }

    @Test
    @Proves({"rtc-operation-14", "rtc-operation-15"})
    void crossCapIsClearForEveryCounter() {
        for (int counter : new int[]{ARM_VCT, X86_TSC}) {
            Response response = guest.request(ofCounter(CROSS_CAP, 0, counter), 16);
            assertEquals(0, response.le64(8), "flags and reserved");
        }
    }

    @Test
    @Proves({"rtc-read-05", "rtc-read-06"})
    void readAnswersEachClocksTime() {
        assertEquals(devices.clock().realtimeNs(), guest.request(ofClock(READ, 0), 16).le64(8));
        assertEquals(devices.clock().taiNs(), guest.request(ofClock(READ, 1), 16).le64(8));
        assertEquals(devices.clock().boottimeNs(), guest.request(ofClock(READ, 2), 16).le64(8));
        assertEquals(devices.clock().realtimeNs(), guest.request(ofClock(READ, 3), 16).le64(8));
    }

    /** "the device MUST obtain the clock_reading response value after the driver made the read request available". */
    @Test
    @Proves("rtc-read-07")
    void aReadingIsOfATimeAfterTheRequest() {
        long before = guest.request(ofClock(READ, 1), 16).le64(8);
        devices.clock().advance(1);
        assertEquals(before + 1, guest.request(ofClock(READ, 1), 16).le64(8));
    }

    @Test
    @Proves({"rtc-operation-02", "rtc-operation-11"})
    void aTimeThatCannotBeRepresentedIsAnIoError() {
        long realtimeNs = devices.clock().realtimeNs();
        // TAI of 1970-01-01 00:00:07, when UTC had not begun.
        devices.clock().set(-30_000_000_000L);
        try {
            Response response = guest.request(ofClock(READ, 0), 16);
            assertEquals(EIO, response.status());
            assertEquals(8, response.usedLength());
        } finally {
            devices.clock().set(realtimeNs);
        }
    }

    /** "The driver MUST set reserved fields in a device-readable buffer to zero": one that does not is served. */
    @Test
    void reservedBytesOfARequestAreIgnored() {
        byte[] request = ofClock(READ, 1);
        Arrays.fill(request, 2, 8, (byte) 0xaa);
        Arrays.fill(request, 10, 16, (byte) 0xaa);
        assertEquals(OK, guest.request(request, 16).status());
    }
}
