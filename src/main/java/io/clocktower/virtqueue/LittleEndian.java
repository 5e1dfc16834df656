package io.clocktower.virtqueue;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The layouts of the specification's fields, at any alignment. VIRTIO 1.4, "Structure Specifications". */
public final class LittleEndian {

    public static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private LittleEndian() {}
}
