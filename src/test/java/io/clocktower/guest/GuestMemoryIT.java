package io.clocktower.guest;

import static io.clocktower.guest.ServedGuests.assertServes;
import static io.clocktower.guest.ServedGuests.assertServesDuring;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What memory a VM can have: of several nodes, on huge pages, plugged and unplugged; and not shared by mistake. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuestMemoryIT {

    private static final Path HUGE_PAGES = Path.of("/proc/sys/vm/nr_hugepages");
    private static final Path MEMORY = Path.of("/proc/meminfo");
    /** 256 MiB, in pages of 2 MiB. */
    private static final int PAGES = 128;
    private static final int TRIES = 3;

    @RegisterExtension
    private static final ServedGuests GUESTS = ServedGuests.on("vm0");

    private static List<String> device() {
        return GuestVm.Device.RTC.at(GUESTS.socket("vm0"));
    }

    private static List<String> twoNodes(String shareOfTheFirst, String shareOfTheSecond) {
        return List.of("-machine", "q35", "-m", "256M", "-object",
                "memory-backend-memfd,id=a,size=128M,share=" + shareOfTheFirst, "-object",
                "memory-backend-memfd,id=b,size=128M,share=" + shareOfTheSecond, "-numa", "node,memdev=a,cpus=0",
                "-numa", "node,memdev=b");
    }

    /** QEMU ends by itself then. */
    @Test
    void memoryThatIsNotSharedIsSaidAtEachTry() {
        long before = saidNotShared();
        for (int i = 0; i < TRIES; i++) {
            assertThrows(IllegalStateException.class, () -> GUESTS.boot("vm0", List.of("-machine",
                    "q35,memory-backend=mem", "-object", "memory-backend-memfd,id=mem,size=256M,share=off", "-m",
                    "256M"), device()));
        }
        assertEquals(before + TRIES, saidNotShared(), GUESTS.application()::log);
    }

    /** Linux has its rings in the memory of the first node, where its processor is. */
    @Test
    void aNodeThatIsNotSharedIsSaidIfItHoldsTheRings() {
        long before = saidNotShared();
        assertThrows(IllegalStateException.class, () -> GUESTS.boot("vm0", twoNodes("off", "on"), device()));
        assertEquals(before + 1, saidNotShared(), GUESTS.application()::log);
    }

    @Test
    void aNodeThatIsNotSharedIsNotMissedWhereItHoldsNoRing() {
        long before = saidNotShared();
        int shared;
        try (var vm = GUESTS.boot("vm0", twoNodes("on", "on"), device())) {
            assertServes(vm);
            shared = regions();
        }
        try (var vm = GUESTS.boot("vm0", twoNodes("on", "off"), device())) {
            assertServes(vm);
            assertEquals(shared - 1, regions());
        }
        assertEquals(before, saidNotShared(), GUESTS.application()::log);
    }

    private static long saidNotShared() {
        return GUESTS.application().log().lines().filter(line -> line.contains("(share=on)?")).count();
    }

    @Test
    void memoryIsPluggedAndUnpluggedUnderReads() {
        var memory = List.of("-machine", "q35,memory-backend=mem", "-object",
                "memory-backend-memfd,id=mem,size=256M,share=on", "-m", "256M,slots=2,maxmem=1G");
        try (var vm = GUESTS.boot("vm0", memory, device()); var monitor = GUESTS.monitor("vm0")) {
            int before = regions();
            monitor.run("object-add", """
                    {"qom-type":"memory-backend-memfd","id":"more","size":134217728,"share":true}""");
            assertServesDuring(vm,
                    () -> monitor.run("device_add", "{\"driver\":\"pc-dimm\",\"id\":\"dimm\",\"memdev\":\"more\"}"));
            GUESTS.application().await("api/v1/devices/vm0", _ -> regions() == before + 1);
            assertServesDuring(vm, () -> {
                monitor.run("device_del", "{\"id\":\"dimm\"}");
                monitor.await("DEVICE_DELETED", data -> data.path("device").asText().equals("dimm"));
            });
            GUESTS.application().await("api/v1/devices/vm0", _ -> regions() == before);
            assertServes(vm);
        }
    }

    private static int regions() {
        return GUESTS.application().get("api/v1/devices/vm0").at("/memoryRegions").asInt();
    }

    @Test
    void memoryOnHugePagesIsServed() throws IOException {
        var before = Files.readString(HUGE_PAGES).strip();
        try {
            assumeTrue(hasHugePages(before), "the host has no huge pages to spare");
            try (var vm = GUESTS.boot("vm0", List.of("-machine", "q35,memory-backend=mem", "-object",
                    "memory-backend-memfd,id=mem,size=256M,share=on,hugetlb=on,hugetlbsize=2M", "-m", "256M"),
                    device())) {
                assertServes(vm);
            }
        } finally {
            if (Files.isWritable(HUGE_PAGES)) {
                Files.writeString(HUGE_PAGES, before);
            }
        }
    }

    /** The kernel makes as many as it finds memory for. */
    private static boolean hasHugePages(String before) throws IOException {
        if (Files.isWritable(HUGE_PAGES)) {
            Files.writeString(HUGE_PAGES, Integer.toString(Integer.parseInt(before) + PAGES));
        }
        return Files.readAllLines(MEMORY).stream().filter(line -> line.startsWith("HugePages_Free:"))
                .anyMatch(line -> Integer.parseInt(line.replaceAll("\\D", "")) >= PAGES);
    }
}
