package io.clocktower.guest;

import static io.clocktower.guest.ServedGuests.assertNoneOutside;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Three guests whose processors are busy, each of which reads UTC once a second. {@code -Dguest.minutes=10} is the long
 * form.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreeGuestsIT {

    private static final int MINUTES = Integer.getInteger("guest.minutes", 0);
    private static final int READINGS = MINUTES == 0 ? 8 : MINUTES * 60;
    private static final List<String> NAMES = List.of("vm0", "vm1", "vm2");
    private static final Duration ANSWER = Duration.ofSeconds(20);

    @RegisterExtension
    private static final ServedGuests GUESTS = ServedGuests.on(NAMES.toArray(String[]::new));

    @Test
    void noReadingIsOutsideOfTheHostsTimeBeforeAndAfterIt() {
        List<GuestVm> vms = NAMES.stream().map(name -> GUESTS.boot(name, GuestVm.Device.RTC.at(GUESTS.socket(name))))
                .toList();
        List<HostReading> readings;
        // The common pool of two processors would read one guest after another.
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<List<HostReading>>> all = vms.stream()
                    .map(vm -> CompletableFuture.supplyAsync(() -> readings(vm), threads)).toList();
            readings = all.stream().map(CompletableFuture::join).flatMap(List::stream).toList();
        }
        System.out.printf("%d readings of %d guests, the longest took %.1f ms%n", readings.size(), NAMES.size(),
                readings.stream().mapToLong(HostReading::durationNs).max().orElseThrow() / 1e6);
        assertEquals(READINGS * NAMES.size(), readings.size());
        assertNoneOutside(readings);
    }

    private static List<HostReading> readings(GuestVm vm) {
        vm.run("sh -c 'while :; do :; done' >/dev/null 2>&1 & echo started", ANSWER);
        List<HostReading> readings = new ArrayList<>();
        long nextNs = System.nanoTime();
        while (readings.size() < READINGS) {
            readings.add(HostReading.utc(vm));
            nextNs += TimeUnit.SECONDS.toNanos(1);
            for (long leftNs; (leftNs = nextNs - System.nanoTime()) > 0;) {
                LockSupport.parkNanos(leftNs);
            }
        }
        return readings;
    }
}
