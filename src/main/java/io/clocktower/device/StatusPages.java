package io.clocktower.device;

import io.clocktower.hosted.DeviceMoment;
import io.clocktower.hosted.HostedDevice;
import io.clocktower.spec.DeviceException;
import io.clocktower.status.DeviceStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * The statuses of some devices, in the order of their names. A page is made when it is asked for: a loop makes few
 * statuses at a time, and a caller that is slow holds no more than one page. One thread owns it, which is no event loop.
 */
public final class StatusPages {

    /** How many devices a page has at most. */
    static final int PAGE = 16;

    private final List<DeviceProxy> devices;
    private int next;

    StatusPages(List<DeviceProxy> devices) {
        this.devices = devices;
    }

    /** Whether there is another page. */
    public boolean hasNext() {
        return next < devices.size();
    }

    /**
     * The next page. It leaves out devices that were removed since, and so may be empty.
     *
     * @throws DeviceException if an event loop does not answer in time
     */
    public List<DeviceStatus> next() throws DeviceException {
        List<DeviceProxy> page = devices.subList(next, Math.min(next + PAGE, devices.size()));
        next += page.size();
        List<CompletableFuture<List<DeviceMoment>>> answers = page.stream()
                .collect(Collectors.groupingBy(DeviceProxy::loop)).entrySet().stream()
                .map(ofLoop -> ofLoop.getKey().submit(() -> moments(ofLoop.getValue()))).toList();
        List<DeviceStatus> statuses = new ArrayList<>();
        for (CompletableFuture<List<DeviceMoment>> answer : answers) {
            LoopAnswer.await(answer, DeviceException
                    .noAnswer("an event loop did not answer within %d s".formatted(LoopAnswer.DEADLINE.toSeconds())))
                    .forEach(moment -> statuses.add(moment.status()));
        }
        statuses.sort(Comparator.comparing(DeviceStatus::name));
        return statuses;
    }

    private static List<DeviceMoment> moments(List<DeviceProxy> devices) {
        return devices.stream().filter(device -> !device.isRemoved()).map(DeviceProxy::device)
                .map(HostedDevice::moment).toList();
    }

    /** All pages that are left, one after another. */
    public List<DeviceStatus> all() throws DeviceException {
        List<DeviceStatus> all = new ArrayList<>();
        while (hasNext()) {
            all.addAll(next());
        }
        return all;
    }
}
