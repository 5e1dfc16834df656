package io.clocktower.rtc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.HostClock;
import io.clocktower.clock.LeapSeconds;
import io.clocktower.clock.ServedClock;
import io.clocktower.clock.Smearing;
import io.clocktower.conformance.Proves;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.memory.MemoryRegion;
import io.clocktower.memory.MemoryTable;
import io.clocktower.virtqueue.RingAreas;
import io.clocktower.virtqueue.RingFormat;
import io.clocktower.virtqueue.Virtqueue;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Over any sequence of driver requests and time changes: an enabled expiration is never lost, never notified twice, and
 * never notified after a disable. A second, naive account of the specification is kept beside the alarms.
 */
class AlarmsPropertyTest {

    private static final int STEPS = 20_000;
    private static final int ALARMQ_SIZE = 64;

    /** A host whose time is moved, and whose timer is heard only when it would end. */
    private static final class Host implements HostClock, AlarmTimer {

        private long ns = 1_800_000_000_000_000_000L;
        private long readingTakesNs;
        private long dueNs = Long.MAX_VALUE;
        private boolean isSet;

        @Override
        public long taiNs() {
            ns += readingTakesNs;
            return ns;
        }

        @Override
        public long realtimeNs() {
            return ns;
        }

        @Override
        public long boottimeNs() {
            return ns;
        }

        @Override
        public void setAfter(long delayNs) {
            isSet = true;
            dueNs = delayNs > Long.MAX_VALUE - ns ? Long.MAX_VALUE : ns + delayNs;
        }

        @Override
        public void clear() {
            isSet = false;
        }
    }

    /** What the specification says of one alarm, kept as plainly as it can be. */
    private static final class Expected {

        private long timeNs;
        private boolean isEnabled;
        private boolean isWaiting;
        /** Expired, and not notified since: the same time is not a second expiration. */
        private boolean isExpired;
        private long set;
        private long expired;
        private long notified;

        private void driverSets(long timeNs, boolean isEnabled, long nowNs) {
            isExpired &= isEnabled && timeNs == this.timeNs;
            this.timeNs = timeNs;
            this.isEnabled = isEnabled;
            set++;
            isWaiting = false;
            reset(nowNs);
        }

        private void clockMoves(long fromNs, long toNs) {
            if (fromNs < timeNs) {
                reset(toNs);
            }
        }

        private void reset(long nowNs) {
            if (isEnabled && nowNs >= timeNs) {
                isWaiting = true;
                expired += isExpired ? 0 : 1;
                isExpired = true;
            }
        }

        private boolean isPending(long nowNs) {
            return isWaiting || isEnabled && nowNs < timeNs;
        }
    }

    /** What an observer was told of one alarm. */
    private static final class Observed implements AlarmObserver {

        private long set;
        private long expired;
        private long delivered;
        private boolean isPending;
        private boolean isWaiting;

        @Override
        public void onSet(int clockId) {
            set++;
        }

        @Override
        public void onExpired(int clockId) {
            expired++;
        }

        @Override
        public void onDelivered(int clockId) {
            delivered++;
        }

        @Override
        public void onChange(int clockId, boolean isPending, boolean isWaiting) {
            this.isPending = isPending;
            this.isWaiting = isWaiting;
        }

        private void assertSame(Expected expected, long nowNs, String when) {
            assertEquals(expected.set, set, "set" + when);
            assertEquals(expected.expired, expired, "expired" + when);
            assertEquals(expected.notified, delivered, "delivered" + when);
            assertEquals(expected.isPending(nowNs), isPending, "pending" + when);
            assertEquals(expected.isWaiting, isWaiting, "observed waiting" + when);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    @Proves({"rtc-alarm-07", "rtc-alarm-08", "rtc-alarm-09", "rtc-alarm-10", "rtc-alarm-11", "rtc-alarm-12",
            "rtc-alarm-16", "rtc-alarm-17", "rtc-alarm-19"})
    void noExpirationIsLostOrDoubledOrSentAfterADisable(long seed) throws Exception {
        var random = new Random(seed);
        var host = new Host();
        var clock = new ServedClock(new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, true), LeapSeconds.builtIn());
        var expected = new Expected();
        var observed = new Observed();
        var alarms = new Alarms(List.of(clock), host, host, observed);
        int buffers = 0;
        try (var alarmq = new Alarmq()) {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(9)) {
                    case 0, 1 -> {
                        long timeNs = random.nextInt(4) == 0
                                ? expected.timeNs
                                : host.ns + random.nextLong(-2_000_000_000L, 4_000_000_000L);
                        boolean isEnabled = random.nextInt(4) != 0;
                        expected.driverSets(timeNs, isEnabled, host.ns);
                        alarms.set(0, timeNs, isEnabled);
                    }
                    case 2 -> {
                        boolean isEnabled = random.nextBoolean();
                        expected.driverSets(expected.timeNs, isEnabled, host.ns);
                        alarms.setEnabled(0, isEnabled);
                    }
                    case 3, 4 -> progress(host, alarms, expected, random.nextLong(3_000_000_000L));
                    case 5 -> {
                        // The kernel tells of a step only where a timer is set.
                        long fromNs = host.ns;
                        host.ns += random.nextLong(-3_000_000_000L, 3_000_000_000L);
                        expected.clockMoves(fromNs, host.ns);
                        if (host.isSet) {
                            alarms.onTime();
                        }
                    }
                    case 6 -> {
                        expected.reset(host.ns);
                        alarms.onReset();
                        // Buffers are forgotten, and the driver makes its own available anew.
                        alarmq.restart();
                        buffers = 0;
                    }
                    default -> {
                        if (buffers < ALARMQ_SIZE) {
                            alarmq.makeAvailable();
                            buffers++;
                        }
                    }
                }
                alarms.sendNotifications(alarmq.device);
                alarmq.device.publish();
                if (expected.isWaiting && buffers > 0) {
                    expected.isWaiting = false;
                    expected.isExpired = false;
                    expected.notified++;
                    buffers--;
                }
                assertEquals(expected.isWaiting, alarms.isAnyWaiting(), "waiting at step " + step);
                assertEquals(expected.notified, alarmq.takeNotifications(), "notifications at step " + step);
                observed.assertSame(expected, host.ns, " at step " + step);
            }
        }
    }

    /** Time goes on by itself; the alarms hear of it only when their timer ends, as often as that is. */
    private static void progress(Host host, Alarms alarms, Expected expected, long ns) {
        long endNs = host.ns + ns;
        expected.clockMoves(host.ns, endNs);
        while (host.isSet && host.dueNs <= endNs) {
            host.ns = Math.max(host.ns, host.dueNs);
            alarms.onTime();
        }
        host.ns = endNs;
    }

    @Test
    void aLongWaitEndsInAFewStepsAndNeverBeforeItsTime() {
        var host = new Host();
        var clock = new ServedClock(new ClockSpec(ClockType.TAI, Smearing.UNSPECIFIED, true), LeapSeconds.builtIn());
        var alarms = new Alarms(List.of(clock), host, host, new Observed());
        long timeNs = host.ns + 30L * 86_400 * 1_000_000_000L;
        alarms.set(0, timeNs, true);
        int wakes = 0;
        while (!alarms.isAnyWaiting()) {
            host.ns = host.dueNs;
            alarms.onTime();
            wakes++;
        }
        assertEquals(timeNs, host.ns);
        assertEquals(true, wakes < 10, wakes + " wake-ups");
    }

    /** An alarm that is reached while the timer is being set. */
    @Test
    void noAlarmIsForgottenHoweverLittleAheadItIs() {
        var clock = new ServedClock(new ClockSpec(ClockType.UTC, Smearing.UNSPECIFIED, true), LeapSeconds.builtIn());
        for (int aheadNs = 0; aheadNs < 200; aheadNs++) {
            var host = new Host();
            host.readingTakesNs = 7;
            var alarms = new Alarms(List.of(clock), host, host, new Observed());
            alarms.set(0, host.ns - 37_000_000_000L + aheadNs, true);
            for (int i = 0; i < 100 && !alarms.isAnyWaiting() && host.dueNs != Long.MAX_VALUE; i++) {
                host.ns = Math.max(host.ns, host.dueNs);
                alarms.onTime();
            }
            assertEquals(true, alarms.isAnyWaiting(), aheadNs + " ns ahead");
        }
    }

    /** A real alarmq over guest memory, with the driver's side of it. */
    private static final class Alarmq implements AutoCloseable {

        private final GuestMemory guest = new GuestMemory(1 << 20, 0, 0x7f00_0000_0000L);
        private final MemoryRegion region;
        private final MemoryTable memory;
        private SplitDriver driver;
        private Virtqueue device;
        private long taken;

        private Alarmq() throws Exception {
            region = MemoryRegion.map(
                    new MemoryRegion.Place(guest.guestAddress(), guest.userAddress(), guest.sizeBytes(), 0),
                    guest.file());
            memory = MemoryTable.of(List.of(region));
            restart();
        }

        private void restart() throws Exception {
            guest.release(0);
            driver = new SplitDriver(guest, ALARMQ_SIZE);
            var ring = new RingAreas(ALARMQ_SIZE, at(driver.table(), 16L * ALARMQ_SIZE),
                    at(driver.available(), 6 + 2L * ALARMQ_SIZE), at(driver.used(), 6 + 8L * ALARMQ_SIZE));
            device = RingFormat.SPLIT.open(ring, memory, 0, 0);
        }

        private java.lang.foreign.MemorySegment at(long address, long bytes) {
            return memory.atUserAddress(guest.userAddressOf(address), bytes).orElseThrow();
        }

        private void makeAvailable() {
            long buffer = guest.allocate(0, 16);
            driver.publish(driver.chain(List.of(Piece.writable(buffer, 16))));
        }

        private long takeNotifications() {
            while (driver.hasUsed()) {
                assertEquals(16, driver.takeUsed().length());
                taken++;
            }
            return taken;
        }

        @Override
        public void close() {
            region.close();
            guest.close();
        }
    }
}
