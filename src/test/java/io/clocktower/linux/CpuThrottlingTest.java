package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuThrottlingTest {

    @TempDir
    private Path directory;

    private Path file(String path) throws IOException {
        Path file = directory.resolve(path);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "nr_periods 17\nnr_throttled 5\nthrottled_time 123\n");
    }

    private String mount(String root, String at, String rest) {
        return "31 30 0:28 " + root + " " + directory.resolve(at) + " rw,relatime shared:9 - " + rest;
    }

    @Test
    void theGroupOfVersion2IsFound() throws Exception {
        Path file = file("unified/a/b/cpu.stat");
        assertEquals(Optional.of(file), CpuThrottling.find(List.of("22 1 8:1 / / rw - ext4 /dev/vda rw",
                mount("/", "unified", "cgroup2 cgroup2 rw,nsdelegate")), List.of("0::/a/b")));
        assertEquals(5, new CpuThrottling(Optional.of(file)).count());
    }

    @Test
    void theGroupOfVersion1IsFoundByItsController() throws Exception {
        file("cpuset/x/cpu.stat");
        Path file = file("cpu,cpuacct/x/cpu.stat");
        assertEquals(Optional.of(file), CpuThrottling.find(
                List.of(mount("/", "cpuset", "cgroup cgroup rw,cpuset"),
                        mount("/", "cpu,cpuacct", "cgroup cgroup rw,cpu,cpuacct")),
                List.of("4:cpuset:/x", "2:cpu,cpuacct:/x", "0::/")));
    }

    /** The group's name is that of the host, and the mount is the group. */
    @Test
    void theGroupOfAContainerIsFound() throws Exception {
        Path file = file("cgroup/cpu.stat");
        assertEquals(Optional.of(file), CpuThrottling.find(
                List.of(mount("/docker/123", "cgroup", "cgroup cgroup rw,cpu")), List.of("2:cpu:/docker/123")));
        assertEquals(Optional.of(file), CpuThrottling.find(
                List.of(mount("/", "cgroup", "cgroup2 cgroup rw")), List.of("0::/../not/mounted")));
    }

    @Test
    void whereNothingSaysSoNothingIsThrottled() throws Exception {
        assertEquals(Optional.empty(), CpuThrottling.find(List.of("", "a b - c"), List.of("", "x")));
        assertEquals(0, new CpuThrottling(Optional.empty()).count());
        assertEquals(0, new CpuThrottling(Optional.of(directory.resolve("gone"))).count());
        Path other = Files.writeString(directory.resolve("cpu.stat"), "nr_throttled many\n");
        assertEquals(0, new CpuThrottling(Optional.of(other)).count());
    }

    @Test
    void thisProcessHasACount() {
        assertEquals(0, Math.min(0, CpuThrottling.ofThisProcess().count()));
    }
}
