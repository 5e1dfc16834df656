package io.clocktower.memory;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.graalvm.word.Pointer;
import org.graalvm.word.WordFactory;

/**
 * What takes the place of the accesses of {@link LittleEndian} in a native image, where one through a variable handle is half a
 * dozen calls. The same is checked: that the segment has the field, and that its arena is open. The thread is not: each access
 * is made by the thread that owns the memory. Linux's native images are for little-endian processors only.
 */
@TargetClass(LittleEndian.class)
final class LittleEndianInNativeImage {

    /** Apart, because the class above has only what it takes the place of. */
    private static final class Fields {

        private static Pointer at(MemorySegment memory, long offset, int bytes) {
            Objects.checkFromIndexSize(offset, bytes, memory.byteSize());
            if (!memory.scope().isAlive()) {
                throw new IllegalStateException("Already closed");
            }
            return WordFactory.pointer(memory.address() + offset);
        }
    }

    private LittleEndianInNativeImage() {}

    @Substitute
    public static int le16(MemorySegment memory, long offset) {
        return Short.toUnsignedInt(Fields.at(memory, offset, Short.BYTES).readShort(0));
    }

    @Substitute
    public static long le64(MemorySegment memory, long offset) {
        return Fields.at(memory, offset, Long.BYTES).readLong(0);
    }

    @Substitute
    public static void setLe16(MemorySegment memory, long offset, int value) {
        Fields.at(memory, offset, Short.BYTES).writeShort(0, (short) value);
    }

    @Substitute
    public static void setLe64(MemorySegment memory, long offset, long value) {
        Fields.at(memory, offset, Long.BYTES).writeLong(0, value);
    }
}
