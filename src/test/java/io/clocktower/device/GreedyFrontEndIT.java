package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.ADD_MEM_REG;
import static io.clocktower.frontend.FrontEnd.GET_FEATURES;
import static io.clocktower.frontend.FrontEnd.GET_MAX_MEM_SLOTS;
import static io.clocktower.frontend.FrontEnd.GET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.REM_MEM_REG;
import static io.clocktower.frontend.FrontEnd.SET_MEM_TABLE;
import static io.clocktower.frontend.FrontEnd.VERSION;
import static io.clocktower.frontend.FrontEnd.payload;
import static io.clocktower.frontend.FrontEnd.state;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clocktower.frontend.Bystander;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.SilentFuse;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.linux.Descriptor;
import io.clocktower.memory.MemoryLimits;
import io.clocktower.status.DeviceState;
import io.clocktower.vhostuser.HostLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Front-ends that take all that they can get, or that die or never answer: a second device is read all the while, and the
 * next virtual machine is served.
 */
class GreedyFrontEndIT {

    private static final byte[] REQUEST = ofClock(READ, 1);
    private static final long TIB = 1L << 40;
    private static final long ADDRESS_BYTES = 1L << 47;
    private static final long FULL = -2L;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);

    private static byte[] region(long guest, long bytes) {
        return payload(40).putLong(0).putLong(guest).putLong(bytes).putLong(guest).putLong(0).array();
    }

    private static byte[] table(long bytes) {
        return payload(40).putInt(1).putInt(0).putLong(0).putLong(bytes).putLong(0).putLong(0).array();
    }

    private static void assertServed(Devices devices, String name) throws Exception {
        devices.await(name, status -> status.state() == DeviceState.WAITING);
        try (var guest = new Guest(devices.socket(name))) {
            assertEquals(0, guest.request(REQUEST, 16).status());
        }
        devices.await(name, status -> status.state() == DeviceState.WAITING);
    }

    private static long mappings() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("memfd:guest")).count();
        }
    }

    private static void awaitMappings(long expected) throws IOException {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (mappings() > expected) {
            assertTrue(System.nanoTime() < endNs, "regions stay mapped");
        }
    }

    /** The budget of mappings is that of a kernel with a vm.max_map_count of 24,000, so two front-ends reach its end. */
    @Test
    void frontEndsThatAddAllTheRegionsTheyCanLeaveTheNextVirtualMachineItsShare() throws Exception {
        var limits = new HostLimits(new MemoryLimits(24_000, ADDRESS_BYTES, false), 20_000);
        String[] names = IntStream.range(0, 12).mapToObj(i -> "vm" + i).toArray(String[]::new);
        try (var devices = new Devices(limits, names); var file = Libc.memfd(4096)) {
            long before = mappings();
            Bystander.undisturbedBy(devices.socket("vm0"), () -> {
                List<FrontEnd> greedy = new ArrayList<>();
                for (int i = 1; i < 11; i++) {
                    var frontEnd = new FrontEnd(devices.socket("vm" + i));
                    greedy.add(frontEnd);
                    frontEnd.negotiate(FrontEnd.VERSION_1);
                    assertEquals(509, frontEnd.askU64(GET_MAX_MEM_SLOTS));
                    long regions = addAll(frontEnd, file);
                    assertTrue(regions >= 16 && regions <= 509, regions + " regions");
                    assertNotEquals(0, frontEnd.acknowledged(ADD_MEM_REG, region(TIB, 4096), file));
                }
                assertTrue(mappings() - before < 18_000 - 16_000 + 10 * 16 + 8);
                assertServed(devices, "vm11");
                for (FrontEnd frontEnd : greedy) {
                    frontEnd.close();
                }
                for (int i = 1; i < 11; i++) {
                    devices.await("vm" + i, status -> status.state() == DeviceState.WAITING);
                }
                awaitMappings(before + 2);
            });
            try (var frontEnd = new FrontEnd(devices.socket("vm1"))) {
                frontEnd.negotiate(FrontEnd.VERSION_1);
                assertEquals(509, addAll(frontEnd, file));
            }
        }
    }

    /** Adds regions until one is refused, and answers how many were accepted. */
    private static long addAll(FrontEnd frontEnd, Descriptor file) throws IOException {
        long regions = 0;
        while (frontEnd.acknowledged(ADD_MEM_REG, region((regions + 1) << 20, 4096), file) == 0) {
            regions++;
        }
        return regions;
    }

    /** Those that are being unmapped count towards the share of their device, which never asked for slots. */
    @Test
    void aFrontEndThatAddsAndRemovesRegionsKeepsToItsShare() throws Exception {
        try (var devices = new Devices("vm0");
                var file = Libc.memfd(4096);
                var frontEnd = new FrontEnd(devices.socket("vm0"))) {
            frontEnd.negotiate(FrontEnd.VERSION_1);
            long before = mappings();
            for (long i = 1; i <= 20_000; i++) {
                frontEnd.acknowledged(ADD_MEM_REG, region(i << 20, 4096), file);
                frontEnd.acknowledged(REM_MEM_REG, region(i << 20, 4096));
                if (i % 100 == 0) {
                    assertTrue(mappings() <= before + 2 * 509);
                }
            }
            awaitMappings(before);
            assertEquals(0, frontEnd.acknowledged(ADD_MEM_REG, region(1 << 20, 4096), file));
        }
    }

    @Test
    void aFrontEndThatPassesTheLimitOfDescriptorsIsRefusedAndTheOthersAreServed() throws Exception {
        var limits = new HostLimits(new MemoryLimits(65_530, ADDRESS_BYTES, false), 52);
        try (var log = new LogCounter(); var devices = new Devices(limits, "vm0", "vm1", "vm2")) {
            try (var first = new Guest(devices.socket("vm0")); var second = new Guest(devices.socket("vm1"))) {
                try (var third = new FrontEnd(devices.socket("vm2"))) {
                    third.awaitClosed();
                }
                assertEquals(0, first.request(REQUEST, 16).status());
                assertEquals(0, second.request(REQUEST, 16).status());
                devices.await("vm2", status -> status.connectionsRefused() == 1);
            }
            devices.await("vm0", status -> status.state() == DeviceState.WAITING);
            assertServed(devices, "vm2");
            log.await(1, line -> line.contains("raise RLIMIT_NOFILE"));
        }
    }

    /** A region keeps a descriptor of its file, which regions of one file share. They are given back. */
    @Test
    void regionsShareTheDescriptorOfTheirFileAndOthersAreLeftForOtherDevices() throws Exception {
        var limits = new HostLimits(new MemoryLimits(65_530, ADDRESS_BYTES, false), 82);
        try (var devices = new Devices(limits, "vm0", "vm1"); var file = Libc.memfd(4096)) {
            long idle = OpenDescriptors.settled();
            for (int round = 0; round < 3; round++) {
                long endNs = System.nanoTime() + PATIENCE_NS;
                // What the connection before had may still be unmapped, and counts until then.
                while (addShared(devices, file, idle) < 509) {
                    assertTrue(System.nanoTime() < endNs, "they are not given back");
                }
                try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
                    frontEnd.negotiate(FrontEnd.VERSION_1);
                    int files = 0;
                    boolean isAccepted = true;
                    while (isAccepted) {
                        try (var another = Libc.memfd(4096)) {
                            isAccepted = frontEnd.acknowledged(ADD_MEM_REG, region((files + 1L) << 20, 4096),
                                    another) == 0;
                        }
                        files += isAccepted ? 1 : 0;
                    }
                    // One more than is guaranteed, unless a descriptor of the connection before is still being closed.
                    assertTrue(files == 8 || files == 9, files + " files");
                    try (var guest = new Guest(devices.socket("vm1"))) {
                        assertEquals(0, guest.request(REQUEST, 16).status());
                    }
                    devices.await("vm1", status -> status.state() == DeviceState.WAITING);
                }
                devices.await("vm0", status -> status.state() == DeviceState.WAITING);
            }
        }
    }

    /** A front-end adds regions of one file until one is refused. Answers how many were not. */
    private static long addShared(Devices devices, Descriptor file, long idle) throws Exception {
        OpenDescriptors.await(idle);
        try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
            frontEnd.negotiate(FrontEnd.VERSION_1);
            long descriptors = OpenDescriptors.settled();
            long added = addAll(frontEnd, file);
            if (added == 509) {
                OpenDescriptors.await(descriptors + 1);
            }
            return added;
        } finally {
            devices.await("vm0", status -> status.state() == DeviceState.WAITING);
        }
    }

    /** Sparse memfds of 128 TiB in all. Another virtual machine, of 12 TiB, has room beside. */
    @Test
    void frontEndsThatMapAllTheAddressSpaceTheyCanLeaveTheNextVirtualMachineItsShare() throws Exception {
        try (var devices = new Devices("bystander", "greedy", "large");
                var file = Libc.memfd(2 * TIB);
                var large = Libc.memfd(12 * TIB)) {
            Bystander.undisturbedBy(devices.socket("bystander"), () -> {
                try (var frontEnd = new FrontEnd(devices.socket("greedy"));
                        var next = new FrontEnd(devices.socket("large"))) {
                    frontEnd.negotiate(FrontEnd.VERSION_1);
                    int mapped = 0;
                    while (mapped < 64 && frontEnd.acknowledged(ADD_MEM_REG, region((mapped + 1) * 4 * TIB, 2 * TIB),
                            file) == 0) {
                        mapped++;
                    }
                    assertTrue(mapped < 16, mapped * 2 + " TiB are mapped");
                    next.negotiate(FrontEnd.VERSION_1);
                    next.must(SET_MEM_TABLE, table(12 * TIB), large);
                    next.must(SET_MEM_TABLE, table(12 * TIB), large);
                }
                assertServed(devices, "greedy");
                assertServed(devices, "large");
            });
        }
    }

    /** A VMM that dies, or does not care for the answer. */
    @Test
    void aFrontEndThatClosesWithoutReadingItsRepliesLeavesTheDeviceToTheNextOne() throws Exception {
        try (var devices = new Devices("bystander", "vm0")) {
            assertServed(devices, "vm0");
            long descriptors = OpenDescriptors.settled();
            Bystander.undisturbedBy(devices.socket("bystander"), () -> {
                for (int i = 0; i < 300; i++) {
                    try (var hasty = new Guest(devices.socket("vm0"))) {
                        for (int j = 0; j <= i % 5; j++) {
                            hasty.frontEnd().send(GET_VRING_BASE, VERSION, state(0, 0));
                            hasty.frontEnd().send(GET_FEATURES, VERSION, new byte[0]);
                        }
                    }
                }
                assertServed(devices, "vm0");
            });
            devices.await("bystander", status -> status.state() == DeviceState.WAITING);
            OpenDescriptors.await(descriptors);
        }
    }

    /** O_NONBLOCK belongs to the open file of the eventfd, which the front-end shares. */
    @Test
    void aCallEventFdThatIsMadeBlockingAndFilledBlocksNobody() throws Exception {
        try (var devices = new Devices("bystander", "vm0")) {
            Bystander.undisturbedBy(devices.socket("bystander"), () -> {
                try (var guest = new Guest(devices.socket("vm0"))) {
                    var isOver = new AtomicBoolean();
                    Thread attacker = Thread.ofPlatform().daemon().start(() -> {
                        while (!isOver.get()) {
                            Libc.makeNonBlocking(guest.call());
                            Libc.readCount(guest.call());
                            Libc.tryAddCount(guest.call(), FULL);
                            Libc.makeBlocking(guest.call());
                        }
                    });
                    long free = guest.memory().allocate(0, 16);
                    for (int i = 0; i < 5_000; i++) {
                        guest.memory().release(free);
                        guest.offer(REQUEST, new byte[16]);
                        guest.requestq().wantNextUsed();
                        guest.kick();
                        awaitUsed(guest);
                        guest.requestq().forgetDescriptors();
                    }
                    isOver.set(true);
                    attacker.join();
                }
                assertServed(devices, "vm0");
            });
        }
    }

    /** The call eventfd is the attacker's, so the ring itself is looked at. */
    private static void awaitUsed(Guest guest) {
        long endNs = System.nanoTime() + PATIENCE_NS;
        while (!guest.requestq().hasUsed()) {
            assertTrue(System.nanoTime() < endNs, "the loop hangs");
        }
        guest.requestq().takeUsed();
    }

    @Test
    void memoryThatIsNotInMemoryIsRefusedWithTheWayOut(@TempDir Path directory) throws Exception {
        assumeTrue(!Files.getFileStore(directory).type().equals("tmpfs"), "the temporary directory is in memory");
        Path file = Files.write(directory.resolve("memory"), new byte[1 << 16]);
        try (var log = new LogCounter();
                var devices = new Devices("vm0");
                var frontEnd = new FrontEnd(devices.socket("vm0"));
                var descriptor = Libc.open(file.toString(), Libc.O_RDWR)) {
            frontEnd.negotiate(FrontEnd.VERSION_1);
            assertNotEquals(0, frontEnd.acknowledged(SET_MEM_TABLE, table(1 << 16), descriptor));
            assertNotEquals(0, frontEnd.acknowledged(ADD_MEM_REG, region(0, 1 << 16), descriptor));
            log.await(1, line -> line.contains("memory-backend-memfd")
                    && line.contains("clocktower.memory.allow-files=true"));
        }
    }

    @Test
    void memoryThatIsNotInMemoryIsAcceptedIfTheOperatorAllowsIt(@TempDir Path directory) throws Exception {
        Path file = Files.write(directory.resolve("memory"), new byte[1 << 16]);
        try (var devices = new Devices(HostLimits.ofKernel(true), "vm0");
                var frontEnd = new FrontEnd(devices.socket("vm0"));
                var descriptor = Libc.open(file.toString(), Libc.O_RDWR)) {
            frontEnd.negotiate(FrontEnd.VERSION_1);
            frontEnd.must(SET_MEM_TABLE, table(1 << 16), descriptor);
        }
    }

    /** Neither stat, nor a page fault, nor the close of the file is ever answered. */
    @Test
    void memoryOnAFileSystemThatNeverAnswersDisturbsNobody() throws Exception {
        var mounted = SilentFuse.mount();
        assumeTrue(mounted.isPresent(), "FUSE cannot be mounted here");
        Descriptor file;
        try (var fuse = mounted.get(); var devices = new Devices("bystander", "vm0")) {
            file = fuse.open();
            Bystander.undisturbedBy(devices.socket("bystander"), () -> {
                for (int i = 0; i < 10; i++) {
                    try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
                        frontEnd.negotiate(FrontEnd.VERSION_1);
                        assertNotEquals(0, frontEnd.acknowledged(SET_MEM_TABLE, table(1 << 16), file));
                        assertNotEquals(0, frontEnd.acknowledged(FrontEnd.SET_VRING_KICK, FrontEnd.u64(0), file));
                    }
                    devices.await("vm0", status -> status.state() == DeviceState.WAITING);
                }
                assertServed(devices, "vm0");
            });
        }
        file.close();
    }

    /** As many files as the device tolerates, and then the front-ends of that device alone are refused. */
    @Test
    void filesThatDoNotCloseKeepNoOtherDeviceFromItsDescriptors() throws Exception {
        var mounted = SilentFuse.mount();
        assumeTrue(mounted.isPresent(), "FUSE cannot be mounted here");
        Descriptor file;
        try (var devices = new Devices("bystander", "vm0"); var fuse = mounted.get()) {
            file = fuse.open();
            long before = OpenDescriptors.settled();
            Descriptor[] nine = IntStream.range(0, 9).mapToObj(_ -> file).toArray(Descriptor[]::new);
            assertThrows(IOException.class, () -> {
                for (int i = 0; i < 100; i++) {
                    try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
                        frontEnd.send(SET_MEM_TABLE, VERSION, table(1 << 16), nine);
                        frontEnd.awaitClosed();
                    }
                    devices.await("vm0", status -> status.state() == DeviceState.WAITING);
                    try (var frontEnd = new FrontEnd(devices.socket("vm0"))) {
                        frontEnd.askU64(GET_FEATURES);
                    }
                    devices.await("vm0", status -> status.state() == DeviceState.WAITING);
                }
            });
            OpenDescriptors.await(before + 64 + 9 + 3);
            assertServed(devices, "bystander");
            fuse.end();
            OpenDescriptors.await(before);
            assertServed(devices, "vm0");
            OpenDescriptors.await(before);
        }
        file.close();
    }

    /** A memfd of 64 GiB that nobody touched, and requests all over it. */
    @Test
    void requestsAllOverUntouchedMemoryBreakTheRing() throws Exception {
        long start = 4 * TIB;
        try (var devices = new Devices("bystander", "vm0"); var sparse = Libc.memfd(64L << 30)) {
            Bystander.undisturbedBy(devices.socket("bystander"), () -> {
                try (var guest = new Guest(devices.socket("vm0"))) {
                    guest.frontEnd().must(ADD_MEM_REG, region(start, 64L << 30), sparse);
                    long page = 0;
                    long errors = devices.status("vm0").ringErrors();
                    while (devices.status("vm0").ringErrors() == errors) {
                        assertTrue(page < 16_384, "the ring is not broken");
                        for (int i = 0; i < 64; i++, page += 2) {
                            int id = guest.requestq().chain(List.of(Piece.readable(start + (page << 19), 16),
                                    Piece.writable(start + (page + 1 << 19), 16)));
                            guest.requestq().publish(id);
                        }
                        guest.kick();
                        long used = page;
                        devices.await("vm0",
                                status -> status.ringErrors() > errors || guest.requestq().usedIndex() == (used
                                        / 2 & 0xffff));
                        guest.requestq().forgetDescriptors();
                    }
                    assertTrue(page > 2048, "broken after " + page + " pages");
                }
            });
        }
    }
}
