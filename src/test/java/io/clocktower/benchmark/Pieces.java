package io.clocktower.benchmark;

import io.clocktower.clock.AnchoredEffect;
import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.Effect;
import io.clocktower.clock.FaultChain;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.PackedDriver;
import io.clocktower.frontend.Requests;
import io.clocktower.frontend.RingDriver;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.host.SystemHostClock;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import io.clocktower.rtc.AlarmTimer;
import io.clocktower.rtc.RtcDevice;
import io.clocktower.rtc.SilentObserver;
import io.clocktower.virtqueue.Feature;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.RingFormat;
import io.clocktower.virtqueue.Virtqueue;
import io.clocktower.virtqueue.VirtqueueException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * The pieces of a request's way by JMH, without sockets and wake-ups: the host's clock, a served clock under faults, and
 * the device's requestq, 64 requests a look, with what its driver writes and takes.
 *
 * <pre>
 * mvn -B -q -DskipTests package exec:exec@benchmark -Dbenchmark=Pieces
 * </pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Pieces {

    private static final int BATCH = 64;

    public static void main(String... arguments) throws RunnerException {
        new Runner(new OptionsBuilder().include(Pieces.class.getName()).addProfiler(GCProfiler.class)
                .jvmArgsAppend("-XX:MaxInlineLevel=40").build()).run();
    }

    /** The host's clock. */
    @State(Scope.Thread)
    public static class Host {

        private final HostClock clock = new SystemHostClock(LeapSeconds.builtIn());
    }

    /** A clock of the host, served under one fault or none. */
    @State(Scope.Thread)
    public static class Clock {

        @Param({"none", "offset", "drift", "slew", "jitter", "strobe"})
        public String fault;

        private final HostClock host = new SystemHostClock(LeapSeconds.builtIn());
        private final ServedClock served = new ServedClock(ClockSpec.DEFAULTS.get(1), LeapSeconds.builtIn());

        @Setup
        public void inject() {
            Effect effect = switch (fault) {
                case "offset" -> new Effect.Step(1_000_000_000L);
                case "drift" -> new Effect.Drift(100_000L);
                case "slew" -> new Effect.Slew(1_000_000_000L, 500_000L);
                case "jitter" -> new Effect.Jitter(1_000_000L, 1_000_000L, 1);
                case "strobe" -> new Effect.Strobe(1_000_000_000L, 1_000_000_000L);
                default -> null;
            };
            if (effect != null) {
                long nowNs = host.taiNs();
                served.setFaults(FaultChain.of(List.of(new AnchoredEffect(effect, nowNs, Long.MAX_VALUE, nowNs)),
                        LeapSeconds.builtIn()));
            }
        }
    }

    /** A device whose requestq is a private ring, with as many READs as fit into one look. */
    @State(Scope.Thread)
    public static class Device {

        @Param({"SPLIT", "PACKED"})
        public RingFormat format;

        private final GuestMemory memory = new GuestMemory(1 << 20, 0x4000_0000L, 0x7f00_0000_0000L);
        private MemoryRegion region;
        private RingDriver driver;
        private Virtqueue requestq;
        private RtcDevice device;
        private List<Piece> pieces;

        @Setup
        public void open() throws Exception {
            long features = Feature.VERSION_1 | Feature.EVENT_IDX
                    | (format == RingFormat.PACKED ? Feature.RING_PACKED : 0);
            region = MemoryRegion.map(new MemoryRegion.Place(memory.guestAddress(), memory.userAddress(),
                    memory.sizeBytes(), 0), memory.file());
            int size = 2 * BATCH;
            driver = format == RingFormat.PACKED ? new PackedDriver(memory, size, true) : new SplitDriver(memory, size);
            requestq = format.open(new RingAreas(size,
                    memory.at(driver.descriptorArea(), format.descriptorAreaBytes(size)),
                    memory.at(driver.driverArea(), format.driverAreaBytes(size, features)),
                    memory.at(driver.deviceArea(), format.deviceAreaBytes(size, features))),
                    MemoryTable.of(List.of(region)), features,
                    format.initialBase());
            LeapSeconds leapSeconds = LeapSeconds.builtIn();
            var silent = new SilentObserver();
            device = new RtcDevice(
                    ClockSpec.DEFAULTS.stream().map(spec -> new ServedClock(spec, leapSeconds)).toList(),
                    new SystemHostClock(leapSeconds), System::nanoTime, AlarmTimer.NONE, silent, silent);
            device.onFeatures(features);
            byte[] request = Requests.ofClock(Requests.READ, 1);
            long in = memory.allocate(request.length, 16);
            memory.write(in, request);
            pieces = List.of(Piece.readable(in, request.length), Piece.writable(memory.allocate(16, 16), 16));
        }

        private void makeAvailable() {
            for (int i = 0; i < BATCH; i++) {
                driver.publish(driver.chain(pieces));
            }
        }

        private int takeUsed() {
            int taken = 0;
            while (driver.hasUsed()) {
                driver.takeUsed();
                taken++;
            }
            return taken;
        }

        @TearDown
        public void close() {
            region.close();
            memory.close();
        }
    }

    @Benchmark
    public long hostClock(Host host) {
        return host.clock.taiNs();
    }

    @Benchmark
    public long servedClock(Clock clock) {
        return clock.served.readNs(clock.host);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int readRequests(Device device) throws VirtqueueException {
        device.makeAvailable();
        device.device.onAvailable(RtcDevice.REQUESTQ, device.requestq);
        device.requestq.publish();
        int taken = device.takeUsed();
        if (taken != BATCH) {
            throw new AssertionError(taken + " requests were answered");
        }
        return taken;
    }
}
