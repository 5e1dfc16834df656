package io.clocktower.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How often the kernel has stopped the threads of this process because its control group had used up its CPU quota:
 * {@code nr_throttled} in {@code cpu.stat}, of cgroup v2 or v1. Reading it may wait for the kernel.
 */
public final class CpuThrottling {

    private static final String FILE = "cpu.stat";
    private static final String COUNT = "nr_throttled ";
    private static final String CONTROLLER = "cpu";

    private final Optional<Path> file;

    CpuThrottling(Optional<Path> file) {
        this.file = file;
    }

    /** Of the control group that this process is in now. */
    public static CpuThrottling ofThisProcess() {
        try {
            return new CpuThrottling(find(Files.readAllLines(Path.of("/proc/self/mountinfo")),
                    Files.readAllLines(Path.of("/proc/self/cgroup"))));
        } catch (IOException e) {
            return new CpuThrottling(Optional.empty());
        }
    }

    /**
     * The file for a process.
     *
     * @param mounts as in {@code /proc/self/mountinfo}
     * @param groups as in {@code /proc/self/cgroup}
     */
    static Optional<Path> find(List<String> mounts, List<String> groups) {
        for (String mount : mounts) {
            // 31 30 0:28 ROOT MOUNT_POINT rw,relatime ... - cgroup SOURCE rw,cpu,cpuacct
            int separator = mount.indexOf(" - ");
            String[] place = mount.split(" ");
            if (separator < 0 || place.length < 5) {
                continue;
            }
            String[] type = mount.substring(separator + 3).split(" ");
            boolean isV2 = type[0].equals("cgroup2");
            if (isV2 || type[0].equals("cgroup") && List.of(type[type.length - 1].split(",")).contains(CONTROLLER)) {
                Optional<Path> found = group(groups, isV2).map(group -> below(place[3], place[4], group))
                        .filter(Files::isReadable);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> group(List<String> groups, boolean isV2) {
        // 0::/GROUP or 1:cpu,cpuacct:/GROUP
        return groups.stream().map(line -> line.split(":", 3))
                .filter(parts -> parts.length == 3 && (isV2
                        ? parts[0].equals("0") && parts[1].isEmpty()
                        : List.of(parts[1].split(",")).contains(CONTROLLER)))
                .map(parts -> parts[2]).findFirst();
    }

    /** In a container the group may be named from a root that is not mounted: it is then the mount itself. */
    private static Path below(String root, String mountPoint, String group) {
        String inMount = root.equals("/") ? group : group.startsWith(root) ? group.substring(root.length()) : "";
        Path own = Path.of(mountPoint, inMount, FILE);
        return Files.isReadable(own) ? own : Path.of(mountPoint, FILE);
    }

    /** How often so far; 0 where nothing says so. */
    public long count() {
        try {
            if (file.isPresent()) {
                return Files.readAllLines(file.get()).stream().filter(line -> line.startsWith(COUNT))
                        .mapToLong(line -> Long.parseLong(line.substring(COUNT.length()).strip())).findFirst()
                        .orElse(0);
            }
        } catch (IOException | NumberFormatException e) {
            // The group was removed, or it is of an unknown format.
        }
        return 0;
    }
}
