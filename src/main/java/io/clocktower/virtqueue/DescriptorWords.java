package io.clocktower.virtqueue;

/**
 * The fields of a descriptor, whose copy is two words: the driver cannot change it while we look at it. In both ring formats a
 * descriptor is {@code le64 addr, le32 len} and two {@code le16} whose meanings differ. The first word is the address.
 */
final class DescriptorWords {

    static final int BYTES = 16;
    /** Where the second word begins. */
    static final long SECOND_WORD = 8;

    private static final long LE32_MASK = 0xffff_ffffL;
    private static final int LE16_MASK = 0xffff;
    private static final int FIRST_LE16_SHIFT = 32;
    private static final int SECOND_LE16_SHIFT = 48;

    private DescriptorWords() {}

    static long length(long secondWord) {
        return secondWord & LE32_MASK;
    }

    /** The field at 12: the flags in a split virtqueue, the buffer id in a packed one. */
    static int firstLe16(long secondWord) {
        return (int) (secondWord >>> FIRST_LE16_SHIFT) & LE16_MASK;
    }

    /** The field at 14: the next descriptor in a split virtqueue, the flags in a packed one. */
    static int secondLe16(long secondWord) {
        return (int) (secondWord >>> SECOND_LE16_SHIFT);
    }
}
