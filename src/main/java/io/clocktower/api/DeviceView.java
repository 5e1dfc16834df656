package io.clocktower.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostInstant;
import io.clocktower.clock.Words;
import io.clocktower.fault.ClockReading;
import io.clocktower.spec.DeviceFeatures;
import io.clocktower.status.DeviceStatus;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A device, as the API shows it. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Device", description = "A virtio-rtc device and the front-end that is connected to it, at one instant")
public record DeviceView(String name,
        @Schema(description = "Path of the socket at which the device listens, or to which it connects", examples = "/run/clocktower/vm0.sock") String socket,
        @Schema(description = "Whether the device listens at its socket or connects to it", enumeration = {
                "listen",
                "connect"}) String mode,
        @Schema(description = "waiting for a front-end; connecting to one that does not answer yet; connected to one; running: the driver of the guest has started a ring; failed", enumeration = {
                "waiting", "connecting", "connected", "running",
                "failed"}) String state,
        @Schema(description = "Why the device has failed, why it could not connect, or why its connection is not kept for a restart of the service") String reason,
        @Schema(description = "Why the guest of the front-end that is connected can read no clock: its driver has not used the requestq, or broke it; or the VM is paused or suspended, or its driver unloaded", enumeration = {
                "requestq not started", "requestq broken", "rings stopped"}) String obstacle,
        @Schema(description = "Whether the device is in the configuration; the others were created over REST") boolean configured,
        @Schema(description = "When the device was created") Instant created,
        @Schema(description = "Number that rises with each change that is not made by the guest") long revision,
        Map<String, String> labels,
        @Schema(description = "The process that is connected to the socket") Peer peer,
        @Schema(description = "The negotiated feature bits", examples = "VERSION_1") List<String> features,
        @Schema(description = "Feature bits that the device is set not to offer", examples = "RING_PACKED") List<String> withheldFeatures,
        @Schema(description = "The negotiated vhost-user protocol feature bits") List<String> protocolFeatures,
        @Schema(description = "Number of memory regions that the front-end shares") Integer memoryRegions,
        List<Ring> rings,
        List<Clock> clocks,
        @Schema(description = "In the order in which they are applied") List<FaultView> faults,
        @Schema(description = "Whether the guest can read a clock and its cycle counter at the same time") CrossTimestamps crossTimestamps,
        Counters counters){

    private static final Map<Integer, String> FEATURES = Map.of(0, "RTC_F_ALARM", 26, "LOG_ALL", 28, "INDIRECT_DESC",
            29,
            "EVENT_IDX", 30, "PROTOCOL_FEATURES", 32, "VERSION_1", 34, "RING_PACKED");
    private static final Map<Integer, String> PROTOCOL_FEATURES = Map.of(0, "MQ", 1, "LOG_SHMFD", 3, "REPLY_ACK", 13,
            "RESET_DEVICE",
            15, "CONFIGURE_MEM_SLOTS", 16, "STATUS", 19, "DEVICE_STATE");
    private static final List<String> RINGS = List.of("requestq", "alarmq");

    /** The process at the other end of the connection. */
    public record Peer(long pid, long uid, long gid) {}

    /** A virtqueue. */
    @Schema(description = "A virtqueue; base is the position of the device in it, as in the vhost-user message GET_VRING_BASE")
    public record Ring(int index, String name, int size, long base, boolean started, boolean enabled, boolean broken) {}

    /** A clock of the device. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(name = "Clock", description = "A clock: the time without faults (true), and the time that the guest reads (served). The served members"
            + " are left out if the clock cannot be read because its time is out of range.")
    public record Clock(int id, @Schema(examples = "utc-smeared") String type,
            @Schema(examples = "noon-linear") String smearing, boolean alarm,
            @Schema(description = "In ISO 8601: UTC with a Z, TAI without, a monotonic clock as a duration", examples = "2026-12-01T12:00:00Z") String trueTime,
            @Schema(description = "Nanoseconds since the clock's epoch") BigInteger trueNs,
            @Schema(examples = "2026-12-01T11:55:00Z") String servedTime,
            @Schema(description = "Nanoseconds since the clock's epoch") BigInteger servedNs,
            @Schema(description = "Served time minus true time", examples = "-PT5M") String offset,
            @Schema(description = "The same, in nanoseconds", examples = "-300000000000") BigInteger offsetNs,
            @Schema(description = "Ids of the faults that act on it, in the order in which they are applied") List<String> faults,
            @Schema(description = "How often the guest has read it since the latest of these faults began") Long readsSinceFault,
            @Schema(description = "How often the guest has read it") long reads,
            @Schema(description = "How often the guest has read it in the last minute") long readsLastMinute,
            @Schema(description = "When the guest last read it, UTC") Instant lastRead,
            @Schema(description = "How long ago that was", examples = "PT4.5S") String lastReadAge,
            @Schema(description = "Whether the guest has not read it since the service started") boolean neverRead) {}

    /** Cross-timestamps, READ_CROSS. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @Schema(description = "How the guest's cycle counter relates to the host's. reason says where that is known from, or why it is not known. It is offered to the guest; Linux on x86 never asks for it.")
    public record CrossTimestamps(boolean supported, String reason, Long offset, Long ratio, Integer fractionBits) {}

    /** Counts since the service started. */
    @Schema(description = "Counts since the service started; requests by type and by status")
    public record Counters(@Schema(description = "Readings that the guest has received, of all clocks") long reads,
            long connections, long connectionsRefused, long protocolErrors, long ringErrors,
            Map<String, Map<String, Long>> requests) {}

    static DeviceView of(DeviceStatus status) {
        var frontEnd = status.frontEnd();
        return new DeviceView(status.name(), status.spec().socket().toString(), Words.of(status.spec().mode()),
                Words.of(status.state()),
                status.reason().orElse(null), status.obstacle().map(DeviceView::words).orElse(null),
                status.isConfigured(), status.version().created(),
                status.version().revision(), status.spec().labels(),
                frontEnd.map(end -> new Peer(end.pid(), end.uid(), end.gid())).orElse(null),
                frontEnd.map(end -> bits(end.features(), FEATURES)).orElse(null),
                withheld(status.spec().features()),
                frontEnd.map(end -> bits(end.protocolFeatures(), PROTOCOL_FEATURES)).orElse(null),
                frontEnd.map(DeviceStatus.FrontEnd::memoryRegions).orElse(null),
                frontEnd.map(end -> end.rings().stream().map(DeviceView::ring).toList()).orElse(null),
                status.clocks().stream().map(DeviceView::clock).toList(), FaultsResource.views(status).toList(),
                crossTimestamps(status), counters(status));
    }

    private static List<String> withheld(DeviceFeatures features) {
        return features.withheld() == 0 ? null : bits(features.withheld(), FEATURES);
    }

    static String words(DeviceStatus.Obstacle obstacle) {
        return Words.of(obstacle).replace('-', ' ');
    }

    private static Ring ring(DeviceStatus.Ring ring) {
        return new Ring(ring.index(), RINGS.get(ring.index()), ring.size(), Integer.toUnsignedLong(ring.base()),
                ring.started(), ring.enabled(), ring.broken());
    }

    static Clock clock(DeviceStatus.Clock clock) {
        ClockType type = clock.spec().type();
        Instant lastRead = clock.lastReadNs().isPresent() ? HostInstant.instant(clock.lastReadNs().getAsLong()) : null;
        ClockReading reading = clock.reading();
        return new Clock(clock.id(), Words.of(type), Words.of(clock.spec().smearing()), clock.spec().alarm(),
                Times.reading(type, reading.trueNs()), Times.number(reading.trueNs()),
                Times.reading(type, reading.servedNs()), Times.number(reading.servedNs()),
                reading.offsetNs().map(Times::duration).orElse(null), reading.offsetNs().orElse(null), clock.faults(),
                clock.readsSinceFault().orElse(null), clock.reads(), clock.readsLastMinute(), lastRead, age(clock),
                clock.reads() == 0);
    }

    /** In milliseconds. */
    private static String age(DeviceStatus.Clock clock) {
        return clock.lastReadAgeNs().isPresent()
                ? Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(clock.lastReadAgeNs().getAsLong())).toString()
                : null;
    }

    private static CrossTimestamps crossTimestamps(DeviceStatus status) {
        return status.counter()
                .map(counter -> new CrossTimestamps(true, status.counterReason(), counter.offset(), counter.ratio(),
                        counter.fractionBits()))
                .orElseGet(() -> new CrossTimestamps(false, status.counterReason(), null, null, null));
    }

    private static Counters counters(DeviceStatus status) {
        Map<String, Map<String, Long>> requests = new TreeMap<>();
        status.requests().forEach(count -> requests.computeIfAbsent(count.type(), _ -> new TreeMap<>())
                .put(count.status(), count.count()));
        long reads = status.clocks().stream().mapToLong(DeviceStatus.Clock::reads).sum();
        return new Counters(reads, status.connectionsAccepted(), status.connectionsRefused(), status.protocolErrors(),
                status.ringErrors(), requests);
    }

    private static List<String> bits(long mask, Map<Integer, String> names) {
        return LongStream.of(mask).flatMap(bits -> IntStream.range(0, Long.SIZE).asLongStream()
                .filter(bit -> (bits >>> bit & 1) != 0)).mapToObj(bit -> names.getOrDefault((int) bit, "bit " + bit))
                .toList();
    }
}
