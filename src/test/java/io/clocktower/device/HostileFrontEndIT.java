package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.ADD_MEM_REG;
import static io.clocktower.frontend.FrontEnd.GET_FEATURES;
import static io.clocktower.frontend.FrontEnd.GET_QUEUE_NUM;
import static io.clocktower.frontend.FrontEnd.GET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.NEED_REPLY;
import static io.clocktower.frontend.FrontEnd.REM_MEM_REG;
import static io.clocktower.frontend.FrontEnd.RESET_DEVICE;
import static io.clocktower.frontend.FrontEnd.SET_FEATURES;
import static io.clocktower.frontend.FrontEnd.SET_MEM_TABLE;
import static io.clocktower.frontend.FrontEnd.SET_OWNER;
import static io.clocktower.frontend.FrontEnd.SET_PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.SET_STATUS;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ADDR;
import static io.clocktower.frontend.FrontEnd.SET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.SET_VRING_CALL;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ENABLE;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ERR;
import static io.clocktower.frontend.FrontEnd.SET_VRING_KICK;
import static io.clocktower.frontend.FrontEnd.SET_VRING_NUM;
import static io.clocktower.frontend.FrontEnd.VERSION;
import static io.clocktower.frontend.FrontEnd.addresses;
import static io.clocktower.frontend.FrontEnd.message;
import static io.clocktower.frontend.FrontEnd.payload;
import static io.clocktower.frontend.FrontEnd.state;
import static io.clocktower.frontend.FrontEnd.u64;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Libc;
import io.clocktower.linux.Descriptor;
import io.clocktower.status.DeviceState;
import io.clocktower.status.DeviceStatus;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Messages that cannot be. One is refused with an acknowledgement that says so, and then nothing has changed, or it ends
 * its connection; what came with it is closed, the socket takes the next front-end, and the other device answers on.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileFrontEndIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final byte[] NONE = new byte[0];
    private static final long NO_DESCRIPTOR = 0x100;
    private static final long FILE_BYTES = 1 << 16;
    private static final int MOST_DESCRIPTORS = 253;

    private Devices devices;
    private Guest bystander;
    private long descriptorsBefore;

    @BeforeAll
    void start() throws Exception {
        devices = new Devices("abused", "bystander");
        bystander = new Guest(devices.socket("bystander"));
        try (var guest = new Guest(devices.socket("abused"))) {
            assertEquals(0, guest.request(REQUEST, 16).status());
        }
        awaitGone();
        descriptorsBefore = OpenDescriptors.settled();
    }

    @AfterAll
    void stop() throws Exception {
        bystander.close();
        devices.close();
    }

    @AfterEach
    void everythingIsAsBefore() throws Exception {
        awaitGone();
        OpenDescriptors.await(descriptorsBefore);
        assertEquals(0, bystander.request(REQUEST, 16).status());
        assertEquals(0, devices.status("bystander").protocolErrors());
        try (var guest = new Guest(devices.socket("abused"))) {
            assertEquals(0, guest.request(REQUEST, 16).status());
        }
        awaitGone();
    }

    private void awaitGone() throws Exception {
        devices.await("abused", status -> status.state() == DeviceState.WAITING);
    }

    private static Descriptor[] none() {
        return new Descriptor[0];
    }

    private static Descriptor[] eventFds(int count) {
        return IntStream.range(0, count).mapToObj(_ -> Libc.eventFd()).toArray(Descriptor[]::new);
    }

    private static Descriptor[] files(int count) {
        return IntStream.range(0, count).mapToObj(_ -> Libc.memfd(FILE_BYTES)).toArray(Descriptor[]::new);
    }

    private static Arguments row(String name, int request, byte[] payload) {
        return row(name, request, payload, HostileFrontEndIT::none);
    }

    private static Arguments row(String name, int request, byte[] payload, Supplier<Descriptor[]> descriptors) {
        return Arguments.of(name, request, payload, descriptors);
    }

    private static Supplier<Descriptor[]> one(Supplier<Descriptor> descriptor) {
        return () -> new Descriptor[]{descriptor.get()};
    }

    /** A memory table whose regions are given by guest address, size, user address and mmap offset. */
    private static byte[] table(long... numbers) {
        return tableOf(numbers.length / 4, numbers);
    }

    private static byte[] tableOf(int count, long... numbers) {
        ByteBuffer table = payload(8 + 8 * numbers.length).putInt(count).putInt(0);
        for (long number : numbers) {
            table.putLong(number);
        }
        return table.array();
    }

    private static byte[] region(long guest, long bytes, long user, long offset) {
        return payload(40).putLong(0).putLong(guest).putLong(bytes).putLong(user).putLong(offset).array();
    }

    /** Against {@link Guest}, whose ring 0 runs and whose memory is 4 MiB at 1 GiB. */
    static Stream<Arguments> refused() {
        long gib = 1L << 30;
        long user = 0x7f00_0000_0000L;
        return Stream.of(
                Stream.of(0, 19, 26, 33, 41, 255, 1000, Integer.MAX_VALUE, Integer.MIN_VALUE, -1)
                        .map(id -> row("unknown request " + id, id, NONE)),
                Stream.of(row("unknown request with payload and descriptors", 31, new byte[64], () -> eventFds(3)),
                        row("SET_FEATURES without payload", SET_FEATURES, NONE),
                        row("SET_FEATURES of 4 bytes", SET_FEATURES, new byte[4]),
                        row("SET_FEATURES of 4096 bytes", SET_FEATURES, new byte[4096]),
                        row("SET_OWNER of 1 byte", SET_OWNER, new byte[1]),
                        row("SET_VRING_NUM of 7 bytes", SET_VRING_NUM, new byte[7]),
                        row("SET_VRING_ADDR of 41 bytes", SET_VRING_ADDR, new byte[41]),
                        row("SET_MEM_TABLE without payload", SET_MEM_TABLE, NONE),
                        row("SET_MEM_TABLE of 4 bytes", SET_MEM_TABLE, new byte[4]),
                        row("ADD_MEM_REG of 39 bytes", ADD_MEM_REG, new byte[39], () -> files(1)),
                        row("RESET_DEVICE of 8 bytes", RESET_DEVICE, new byte[8])),
                Stream.of(row("a feature not offered", SET_FEATURES, u64(Guest.FEATURES | 1L << 63)),
                        row("a packed ring not offered", SET_FEATURES, u64(Guest.FEATURES | 1L << 34)),
                        row("other features while a ring runs", SET_FEATURES, u64(FrontEnd.VERSION_1)),
                        row("a protocol feature not offered", SET_PROTOCOL_FEATURES, u64(1 << 3 | 1 << 2)),
                        row("a protocol feature nobody knows", SET_PROTOCOL_FEATURES, u64(-1)),
                        row("a device status of 9 bits", SET_STATUS, u64(0x100)),
                        row("a device status of 64 bits", SET_STATUS, u64(Long.MIN_VALUE))),
                Stream.of(2, 3, 256, Integer.MAX_VALUE, Integer.MIN_VALUE, -1)
                        .flatMap(index -> Stream.of(row("size of ring " + index, SET_VRING_NUM, state(index, 16)),
                                row("base of ring " + index, SET_VRING_BASE, state(index, 0)),
                                row("enable ring " + index, SET_VRING_ENABLE, state(index, 1)),
                                row("addresses of ring " + index, SET_VRING_ADDR,
                                        addresses(index, user, user + 8192, user + 4096)))),
                Stream.of(2, 0xff).flatMap(index -> Stream.of(SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR).map(
                        request -> row("request " + request + ", ring " + index, request, u64(index),
                                () -> eventFds(1)))),
                Stream.of(0, 3, 255, 32769, 65536, Integer.MIN_VALUE, -1)
                        .map(size -> row("size " + size, SET_VRING_NUM, state(1, size))),
                Stream.of(65536, Integer.MIN_VALUE, -1)
                        .map(base -> row("base " + base, SET_VRING_BASE, state(1, base))),
                Stream.of(row("size of a running ring", SET_VRING_NUM, state(0, 16)),
                        row("base of a running ring", SET_VRING_BASE, state(0, 5)),
                        row("enable 2", SET_VRING_ENABLE, state(1, 2)),
                        row("enable -1", SET_VRING_ENABLE, state(0, -1))),
                Stream.of(0L, user - 16, user + (4 << 20), user + (4 << 20) - 16, -16L, Long.MIN_VALUE, gib)
                        .flatMap(at -> Stream.of(
                                row("table at " + at, SET_VRING_ADDR, addresses(0, at, user + 8192, user + 4096)),
                                row("used ring at " + at, SET_VRING_ADDR, addresses(0, user, at, user + 4096)),
                                row("available ring at " + at, SET_VRING_ADDR, addresses(0, user, user + 8192, at)))),
                Stream.of(SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR)
                        .flatMap(request -> Stream.of(row(request + " without descriptor", request, u64(0)),
                                row(request + " with 2", request, u64(0), () -> eventFds(2)),
                                row(request + " with 253", request, u64(0), () -> eventFds(MOST_DESCRIPTORS)),
                                row(request + " with none said and one sent", request, u64(NO_DESCRIPTOR),
                                        () -> eventFds(1)),
                                row(request + " with a pipe", request, u64(0), one(Libc::pipe)),
                                row(request + " with a memfd", request, u64(0), () -> files(1)),
                                row(request + " with /dev/null", request, u64(0),
                                        one(() -> Libc.open("/dev/null", Libc.O_RDWR))))),
                Stream.of(row("kicks by polling", SET_VRING_KICK, u64(NO_DESCRIPTOR)),
                        row("SET_OWNER with a descriptor", SET_OWNER, NONE, () -> eventFds(1)),
                        row("SET_FEATURES with 253", SET_FEATURES, u64(Guest.FEATURES),
                                () -> eventFds(MOST_DESCRIPTORS)),
                        row("RESET_DEVICE with a descriptor", RESET_DEVICE, NONE, () -> eventFds(1))),
                Stream.of(row("no region", SET_MEM_TABLE, table()),
                        row("more regions than told", SET_MEM_TABLE, tableOf(1, 0, 4096, user, 0, gib, 4096, gib, 0),
                                () -> files(1)),
                        row("fewer regions than told", SET_MEM_TABLE, tableOf(2, 0, 4096, user, 0), () -> files(2)),
                        row("9 regions", SET_MEM_TABLE, tableOf(9, new long[36]), () -> files(9)),
                        row("2^31 regions", SET_MEM_TABLE, tableOf(Integer.MIN_VALUE, 0, 4096, user, 0),
                                () -> files(1)),
                        row("2^32 - 1 regions", SET_MEM_TABLE, tableOf(-1, 0, 4096, user, 0), () -> files(1)),
                        row("a region without file", SET_MEM_TABLE, table(0, 4096, user, 0)),
                        row("a region with two files", SET_MEM_TABLE, table(0, 4096, user, 0), () -> files(2)),
                        row("two regions with one file", SET_MEM_TABLE, table(0, 4096, user, 0, gib, 4096, gib, 0),
                                () -> files(1)),
                        row("a region with 253 files", SET_MEM_TABLE, table(0, 4096, user, 0),
                                () -> files(MOST_DESCRIPTORS)),
                        row("regions that overlap for the guest", SET_MEM_TABLE,
                                table(0, 8192, user, 0, 4096, 4096, gib, 0), () -> files(2)),
                        row("regions that overlap for the front-end", SET_MEM_TABLE,
                                table(0, 8192, user, 0, gib, 4096, user + 8191, 0), () -> files(2)),
                        row("an empty region", SET_MEM_TABLE, table(0, 0, user, 0), () -> files(1)),
                        row("a region that wraps", SET_MEM_TABLE, table(-4096, 8192, user, 0), () -> files(1)),
                        row("a region that wraps for the front-end", SET_MEM_TABLE, table(0, 8192, -4096, 0),
                                () -> files(1)),
                        row("a region past its file's end", SET_MEM_TABLE, table(0, FILE_BYTES + 1, user, 0),
                                () -> files(1)),
                        row("an offset past the file's end", SET_MEM_TABLE, table(0, 4096, user, FILE_BYTES),
                                () -> files(1)),
                        row("an offset that wraps", SET_MEM_TABLE, table(0, 4096, user, -4096), () -> files(1)),
                        row("a good region and then a bad one", SET_MEM_TABLE,
                                table(0, 4096, user, 0, gib, FILE_BYTES + 1, gib, 0), () -> files(2)),
                        row("an eventfd as memory", SET_MEM_TABLE, table(0, 8, user, 0), () -> eventFds(1)),
                        row("a pipe as memory", SET_MEM_TABLE, table(0, 4096, user, 0), one(Libc::pipe)),
                        row("a directory as memory", SET_MEM_TABLE, table(0, 16, user, 0),
                                one(() -> Libc.open("/", Libc.O_RDONLY))),
                        row("/dev/zero as memory", SET_MEM_TABLE, table(0, 4096, user, 0),
                                one(() -> Libc.open("/dev/zero", Libc.O_RDWR)))),
                Stream.of(
                        row("one more region that overlaps", ADD_MEM_REG, region(gib + 4096, 4096, gib, 0),
                                () -> files(1)),
                        row("one more that overlaps for the front-end", ADD_MEM_REG,
                                region(0, 4096, user + (4 << 20) - 1, 0), () -> files(1)),
                        row("one more without file", ADD_MEM_REG, region(0, 4096, gib, 0)),
                        row("one more with two files", ADD_MEM_REG, region(0, 4096, gib, 0), () -> files(2)),
                        row("one more past its file's end", ADD_MEM_REG, region(0, FILE_BYTES, gib, 1), () -> files(1)),
                        row("one more of an eventfd", ADD_MEM_REG, region(0, 8, gib, 0), () -> eventFds(1)),
                        row("one less that is none", REM_MEM_REG, region(0, 4096, gib, 0)),
                        row("one less of another size", REM_MEM_REG, region(gib, 4096, user, 0)),
                        row("one less with two descriptors", REM_MEM_REG, region(gib, 4 << 20, user, 0),
                                () -> eventFds(2))))
                .flatMap(rows -> rows);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void aMessageIsRefusedAndChangesNothing(String name, int request, byte[] payload, Supplier<Descriptor[]> sent)
            throws Exception {
        long errors = devices.status("abused").protocolErrors();
        Descriptor[] descriptors = sent.get();
        try (var guest = new Guest(devices.socket("abused"))) {
            assertEquals(0, guest.request(REQUEST, 16).status());
            DeviceStatus before = devices.status("abused");
            long open = OpenDescriptors.settled();
            for (int i = 1; i <= 3; i++) {
                assertNotEquals(0, guest.frontEnd().acknowledged(request, payload, descriptors));
                DeviceStatus after = devices.status("abused");
                assertEquals(before.frontEnd(), after.frontEnd());
                assertEquals(before.state(), after.state());
                assertEquals(errors + i, after.protocolErrors());
                OpenDescriptors.await(open);
                assertEquals(0, bystander.request(REQUEST, 16).status());
            }
            assertEquals(0, guest.request(REQUEST, 16).status());

            guest.frontEnd().send(request, VERSION, payload, descriptors);
            guest.frontEnd().awaitClosed();
            awaitGone();
            assertEquals(errors + 4, devices.status("abused").protocolErrors());
        } finally {
            for (Descriptor descriptor : descriptors) {
                descriptor.close();
            }
        }
    }

    static Stream<Arguments> closing() {
        return Stream.of(Stream.of(0, 2, 3).map(version -> closing("version " + version, message(1, version, 0, NONE))),
                Stream.of(4097, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE, -1)
                        .map(size -> closing("size " + Integer.toUnsignedString(size),
                                message(SET_FEATURES, VERSION, size, new byte[64]))),
                Stream.of(closing("GET_FEATURES of 8 bytes", message(GET_FEATURES, VERSION, 8, new byte[8])),
                        closing("GET_QUEUE_NUM of 4096 bytes", message(GET_QUEUE_NUM, VERSION, 4096, new byte[4096])),
                        closing("GET_VRING_BASE of no ring", message(GET_VRING_BASE, VERSION, 8, state(2, 0))),
                        closing("GET_VRING_BASE of ring -1", message(GET_VRING_BASE, VERSION, 8, state(-1, 0))),
                        closing("GET_VRING_BASE of 4 bytes", message(GET_VRING_BASE, VERSION, 4, new byte[4])),
                        closing("noise", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes())))
                .flatMap(rows -> rows);
    }

    private static Arguments closing(String name, byte[] message) {
        return Arguments.of(name, message);
    }

    /** Where no acknowledgement can be given, for want of a length or of a form, one is not waited for either. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("closing")
    void aMessageEndsTheConnectionWhetherOrNotItNeedsAReply(String name, byte[] message) throws Exception {
        for (int flags : new int[]{0, NEED_REPLY}) {
            long errors = devices.status("abused").protocolErrors();
            Descriptor[] descriptors = eventFds(3);
            byte[] flagged = message.clone();
            flagged[4] |= (byte) flags;
            try (var guest = new Guest(devices.socket("abused"))) {
                guest.frontEnd().sendRaw(flagged, descriptors);
                guest.frontEnd().awaitClosed();
                awaitGone();
            }
            for (Descriptor descriptor : descriptors) {
                descriptor.close();
            }
            assertEquals(errors + 1, devices.status("abused").protocolErrors());
            assertEquals(0, bystander.request(REQUEST, 16).status());
        }
    }

    /** Each byte can bring as many descriptors as the kernel lets one message carry. */
    @Test
    void descriptorsDoNotPileUpWithTheBytesOfAMessage() throws Exception {
        Descriptor[] descriptors = eventFds(MOST_DESCRIPTORS);
        try (var frontEnd = new FrontEnd(devices.socket("abused"))) {
            frontEnd.askU64(GET_FEATURES);
            long open = OpenDescriptors.settled();
            byte[] message = message(SET_FEATURES, VERSION, 8, new byte[8]);
            for (int i = 0; i < 19; i++) {
                frontEnd.sendRaw(new byte[]{message[i]}, descriptors);
                devices.status("abused");
                OpenDescriptors.await(open + 9);
            }
            frontEnd.sendRaw(new byte[]{message[19]}, descriptors);
            frontEnd.awaitClosed();
        }
        for (Descriptor descriptor : descriptors) {
            descriptor.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 12, 19})
    void halfAMessageAndSilenceEndsTheConnection(int bytes) throws Exception {
        long errors = devices.status("abused").protocolErrors();
        byte[] message = message(SET_FEATURES, VERSION | NEED_REPLY, 8, new byte[8]);
        try (var frontEnd = new FrontEnd(devices.socket("abused")); var descriptor = Libc.eventFd()) {
            frontEnd.askU64(GET_FEATURES);
            frontEnd.sendRaw(java.util.Arrays.copyOf(message, bytes), descriptor);
            frontEnd.awaitClosed();
        }
        awaitGone();
        assertEquals(errors + 1, devices.status("abused").protocolErrors());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 11, 12, 13, 19})
    void halfAMessageAndCloseIsAnError(int bytes) throws Exception {
        long errors = devices.status("abused").protocolErrors();
        byte[] message = message(SET_FEATURES, VERSION, 8, new byte[8]);
        try (var frontEnd = new FrontEnd(devices.socket("abused")); var descriptor = Libc.eventFd()) {
            frontEnd.sendRaw(java.util.Arrays.copyOf(message, bytes), descriptor);
        }
        devices.await("abused", status -> status.protocolErrors() == errors + 1);
    }

    @Test
    void aFrontEndThatNeverReadsItsRepliesIsClosed() throws Exception {
        byte[] requests = new byte[12 * 64];
        for (int i = 0; i < 64; i++) {
            System.arraycopy(message(GET_FEATURES, VERSION, 0, NONE), 0, requests, 12 * i, 12);
        }
        try (var frontEnd = new FrontEnd(devices.socket("abused"))) {
            assertThrows(IOException.class, () -> {
                for (int i = 0; i < 100_000; i++) {
                    frontEnd.sendRaw(requests);
                    if (i % 100 == 0) {
                        assertEquals(0, bystander.request(REQUEST, 16).status());
                    }
                }
            });
        }
    }

    /** Requests that are sound and without end cost the other device no more than its turn. */
    @Test
    void messagesWithoutEndLeaveTheOtherDeviceItsTurns() throws Exception {
        byte[] requests = new byte[12 * 64];
        for (int i = 0; i < 64; i++) {
            System.arraycopy(message(SET_OWNER, VERSION, 0, NONE), 0, requests, 12 * i, 12);
        }
        Thread flood;
        try (var frontEnd = new FrontEnd(devices.socket("abused"))) {
            frontEnd.askU64(GET_FEATURES);
            flood = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        frontEnd.sendRaw(requests);
                    }
                } catch (IOException e) {
                    // Closed by the test.
                }
            });
            for (int i = 0; i < 500; i++) {
                assertEquals(0, bystander.request(REQUEST, 16).status());
            }
            assertTrue(flood.isAlive());
        }
        flood.join();
    }

    @Test
    void tenTriesInARowAreTenLinesInTheLog() throws Exception {
        try (var fresh = new Devices("fresh"); var log = new LogCounter()) {
            for (int i = 0; i < 10; i++) {
                try (var frontEnd = new FrontEnd(fresh.socket("fresh"))) {
                    frontEnd.send(99, VERSION, NONE);
                    frontEnd.awaitClosed();
                }
                fresh.await("fresh", status -> status.state() == DeviceState.WAITING);
            }
            assertEquals(10, fresh.status("fresh").protocolErrors());
            log.await(10, line -> line.contains("front-end: request 99: unknown"));
        }
    }

    @Test
    void aRegionTooManyIsRefused() throws Exception {
        try (var guest = new Guest(devices.socket("abused")); var file = Libc.memfd(FILE_BYTES)) {
            for (int i = 1; i < 509; i++) {
                guest.frontEnd().must(ADD_MEM_REG, region((1L << 40) + i * 4096L, 4096, (1L << 41) + i * 4096L, 0),
                        file);
            }
            assertNotEquals(0, guest.frontEnd().acknowledged(ADD_MEM_REG, region(1L << 42, 4096, 1L << 43, 0), file));
            assertEquals(509, devices.status("abused").frontEnd().orElseThrow().memoryRegions());
            assertEquals(0, guest.request(REQUEST, 16).status());
            assertEquals(List.of(0, 1), devices.status("abused").frontEnd().orElseThrow().rings().stream()
                    .map(DeviceStatus.Ring::index).toList());
        }
    }
}
