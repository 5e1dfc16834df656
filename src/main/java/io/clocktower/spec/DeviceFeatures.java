package io.clocktower.spec;

/**
 * The features that a device offers to the driver. One that is withheld is for guests and front-ends that have a bug in it.
 * Without a choice all are offered.
 *
 * @param packed packed virtqueues, VIRTIO_F_RING_PACKED
 * @param indirect indirect descriptors, VIRTIO_F_INDIRECT_DESC
 * @param eventIndex event suppression by index, VIRTIO_F_EVENT_IDX
 * @param alarms alarms, VIRTIO_RTC_F_ALARM, if a clock has one
 */
public record DeviceFeatures(boolean packed, boolean indirect, boolean eventIndex, boolean alarms) {

    public static final DeviceFeatures ALL = new DeviceFeatures(true, true, true, true);

    private static final int F_ALARM = 0;
    private static final int F_INDIRECT_DESC = 28;
    private static final int F_EVENT_IDX = 29;
    private static final int F_RING_PACKED = 34;

    /** The feature bits that are not offered. */
    public long withheld() {
        return bit(packed, F_RING_PACKED) | bit(indirect, F_INDIRECT_DESC) | bit(eventIndex, F_EVENT_IDX)
                | bit(alarms, F_ALARM);
    }

    private static long bit(boolean isOffered, int number) {
        return isOffered ? 0 : 1L << number;
    }
}
