package io.clocktower.device;

import static io.clocktower.frontend.FrontEnd.ADD_MEM_REG;
import static io.clocktower.frontend.FrontEnd.EVENT_IDX;
import static io.clocktower.frontend.FrontEnd.GET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.PROTOCOL_FEATURES;
import static io.clocktower.frontend.FrontEnd.REM_MEM_REG;
import static io.clocktower.frontend.FrontEnd.RESET_DEVICE;
import static io.clocktower.frontend.FrontEnd.RING_PACKED;
import static io.clocktower.frontend.FrontEnd.SET_FEATURES;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ADDR;
import static io.clocktower.frontend.FrontEnd.SET_VRING_CALL;
import static io.clocktower.frontend.FrontEnd.SET_VRING_ENABLE;
import static io.clocktower.frontend.FrontEnd.SET_VRING_KICK;
import static io.clocktower.frontend.FrontEnd.VERSION_1;
import static io.clocktower.frontend.FrontEnd.addresses;
import static io.clocktower.frontend.FrontEnd.region;
import static io.clocktower.frontend.FrontEnd.state;
import static io.clocktower.frontend.FrontEnd.u64;

import io.clocktower.clock.ClockSpec;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.PackedDriver;
import io.clocktower.frontend.RingDriver;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.linux.Descriptor;
import io.clocktower.status.DeviceState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random sequences of what a front-end may do to a ring, with a driver that obeys: it kicks only when the device wants
 * that, and looks at the used ring only when it is told. It never waits for ever.
 */
class RingSequencesIT {

    private static final int SEQUENCES = 60;
    private static final int STEPS = 30;
    private static final int RING_SIZE = 1024;
    private static final int TIMEOUT_MS = 10_000;
    private static final long NO_DESCRIPTOR = 0x100;

    private enum Step {
        OFFER, OFFER_MANY, TAKE, STOP, SET_UP, DISABLE, ENABLE, REMAP, SAME_KICK, REMOVE_RING, REMOVE_BUFFERS, ADD, NO_CALL, NEW_CALL, RESET
    }

    /**
     * @param pollWindowMs during which the device polls the ring after a request, with notifications off
     */
    @ParameterizedTest
    @CsvSource({"false, false, 0", "false, true, 0", "true, false, 0", "true, true, 0", "false, true, 1",
            "true, true, 1"})
    void aDriverThatObeysNeverWaitsForEver(boolean isPacked, boolean hasEventIdx, int pollWindowMs) throws Exception {
        long features = VERSION_1 | (isPacked ? RING_PACKED : 0) | (hasEventIdx ? EVENT_IDX : 0);
        try (var devices = new Devices()) {
            devices.create("vm0", ClockSpec.DEFAULTS, Duration.ofMillis(pollWindowMs));
            for (int seed = 0; seed < SEQUENCES; seed++) {
                List<Step> steps = new ArrayList<>();
                try (var vm = new Vm(devices.socket("vm0"), features, new Random(seed))) {
                    for (int i = 0; i < STEPS; i++) {
                        vm.step(steps);
                    }
                    vm.finish();
                } catch (AssertionError | IOException e) {
                    throw new AssertionError("seed " + seed + ": " + steps, e);
                }
                devices.await("vm0", status -> status.state() == DeviceState.WAITING);
            }
        }
    }

    /** A front-end and its driver, and what they have done so far. */
    private static final class Vm implements AutoCloseable {

        private final Random random;
        private final long features;
        private final FrontEnd frontEnd;
        private final GuestMemory rings = new GuestMemory(1 << 20, 0x4000_0000L, 0x7f00_0000_0000L);
        private final GuestMemory buffers = new GuestMemory(1 << 16, 0x8000_0000L, 0x7e00_0000_0000L);
        private final Descriptor kick = Libc.eventFd();
        private final Descriptor err = Libc.eventFd();
        private Descriptor call = Libc.eventFd();
        private RingDriver driver;
        private int base;
        private int outstanding;
        private boolean isSetUp;
        private boolean hasRings = true;
        private boolean hasBuffers = true;

        Vm(Path socket, long features, Random random) throws IOException {
            this.random = random;
            this.features = features;
            frontEnd = new FrontEnd(socket);
            frontEnd.negotiate(features);
            frontEnd.must(ADD_MEM_REG, region(rings), rings.file());
            frontEnd.must(ADD_MEM_REG, region(buffers), buffers.file());
            begin();
            setUp();
        }

        /** The driver makes a new ring. */
        private void begin() {
            boolean hasEventIdx = (features & EVENT_IDX) != 0;
            rings.release(rings.guestAddress());
            driver = (features & RING_PACKED) != 0
                    ? new PackedDriver(rings, RING_SIZE, hasEventIdx)
                    : new SplitDriver(rings, RING_SIZE, hasEventIdx);
            base = driver.base();
            outstanding = 0;
        }

        void step(List<Step> steps) throws IOException {
            Step step = Step.values()[random.nextInt(Step.values().length)];
            steps.add(step);
            switch (step) {
                case OFFER -> offer(1 + random.nextInt(3));
                case OFFER_MANY -> offer(600);
                case TAKE -> take();
                case STOP -> stop();
                case SET_UP -> setUp();
                case DISABLE -> frontEnd.must(SET_VRING_ENABLE, state(0, 0));
                case ENABLE -> frontEnd.must(SET_VRING_ENABLE, state(0, 1));
                case REMAP -> remap();
                case SAME_KICK -> sameKick();
                case REMOVE_RING -> hasRings = remove(rings, hasRings);
                case REMOVE_BUFFERS -> hasBuffers = remove(buffers, hasBuffers);
                case ADD -> addMemory();
                case NO_CALL -> frontEnd.must(SET_VRING_CALL, u64(NO_DESCRIPTOR));
                case NEW_CALL -> newCall();
                case RESET -> reset();
            }
        }

        private void offer(int count) {
            for (int i = 0; i < count && outstanding < RING_SIZE; i++) {
                driver.publish(driver.chain(List.of(Piece.writable(buffers.guestAddress(), 16))));
                outstanding++;
                if (driver.isKickWanted()) {
                    Libc.addCount(kick, 1);
                }
            }
        }

        private void take() {
            driver.wantNextUsed();
            while (driver.hasUsed()) {
                driver.takeUsed();
                outstanding--;
                driver.wantNextUsed();
            }
        }

        private void stop() throws IOException {
            if (isSetUp) {
                base = ByteBuffer.wrap(frontEnd.ask(GET_VRING_BASE, state(0, 0))).order(ByteOrder.nativeOrder())
                        .getInt(4);
                isSetUp = false;
            }
        }

        private void setUp() throws IOException {
            if (!isSetUp) {
                addMemory();
                frontEnd.setRing(0, rings, driver, base, kick, call, err);
                isSetUp = true;
            }
        }

        private void remap() throws IOException {
            addMemory();
            frontEnd.setMemory(List.of(rings, buffers));
            frontEnd.must(SET_VRING_ADDR, addresses(0, rings.userAddressOf(driver.descriptorArea()),
                    rings.userAddressOf(driver.deviceArea()), rings.userAddressOf(driver.driverArea())));
        }

        private void sameKick() throws IOException {
            if (isSetUp) {
                frontEnd.must(SET_VRING_KICK, u64(0), kick);
            }
        }

        /** Answers that it is not there any more. */
        private boolean remove(GuestMemory memory, boolean isThere) throws IOException {
            if (isThere) {
                frontEnd.must(REM_MEM_REG, region(memory));
            }
            return false;
        }

        private void addMemory() throws IOException {
            if (!hasRings) {
                frontEnd.must(ADD_MEM_REG, region(rings), rings.file());
                hasRings = true;
            }
            if (!hasBuffers) {
                frontEnd.must(ADD_MEM_REG, region(buffers), buffers.file());
                hasBuffers = true;
            }
        }

        private void newCall() throws IOException {
            call.close();
            call = Libc.eventFd();
            frontEnd.must(SET_VRING_CALL, u64(0), call);
        }

        private void reset() throws IOException {
            frontEnd.must(RESET_DEVICE, new byte[0]);
            frontEnd.must(SET_FEATURES, u64(features | PROTOCOL_FEATURES));
            isSetUp = false;
            begin();
        }

        /** Everything is set up: what is outstanding is answered, and so is one more request. */
        void finish() throws IOException {
            setUp();
            addMemory();
            newCall();
            frontEnd.must(SET_VRING_ENABLE, state(0, 1));
            awaitAll();
            offer(1);
            awaitAll();
        }

        private void awaitAll() {
            take();
            while (outstanding > 0) {
                if (!driver.hasUsed() && !Libc.awaitReadable(call, TIMEOUT_MS)) {
                    throw new AssertionError(outstanding + " requests are not answered"
                            + (driver.hasUsed() ? ", or the driver is not told" : ""));
                }
                if (Libc.awaitReadable(call, 0)) {
                    Libc.readCount(call);
                }
                take();
            }
        }

        @Override
        public void close() throws IOException {
            frontEnd.close();
            kick.close();
            call.close();
            err.close();
            rings.close();
            buffers.close();
        }
    }
}
