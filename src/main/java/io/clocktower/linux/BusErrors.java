package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Accesses to mapped memory that is gone, because its file was truncated or the kernel has no page for it. The kernel sends
 * SIGBUS then, which ends a process unless it is handled. HotSpot handles it; for a runtime that does not, this does: the
 * handler puts zeroed memory of this process in the place of what is gone, so that the access goes on, and leaves a note for
 * the thread that mapped it. Other processes keep what they have. A SIGBUS of any other cause goes to the handler before.
 *
 * <p>
 * The handler is machine code and makes one system call, mmap: whatever thread it interrupts, it depends on nothing else of
 * this process. It knows the mappings by a table, which is written without locks. Thread-safe.
 *
 * <pre>
 * slot (32 bytes); one that is free has the end 0
 *    0 u64 start    first address of the mapping
 *    8 u64 end      first address behind it
 *   16 u64 note     address of the note of the thread that mapped it: a u64, not 0 after such an access
 *   24 u64 block    size of the mapping's pages
 * </pre>
 */
final class BusErrors {

    /**
     * What the handler does, here in C; the system call has no errno, and both registers of a mapping's bounds are compared
     * unsigned. 1 GiB, as the call takes time for each page that it takes away.
     *
     * <pre>
     * void handle(int signal, siginfo_t *info, void *context) {
     *     if (info->si_code > 0)
     *         for (slot *s = table; s < table + count; s++)
     *             if (info->si_addr >= s->start &amp;&amp; info->si_addr &lt; s->end) {
     *                 u64 start = info->si_addr &amp; -s->block;
     *                 u64 end = min(start + 0x40000000, s->end);
     *                 *s->note = 1;
     *                 if (mmap(start, end - start, PROT_READ | PROT_WRITE,
     *                         MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) is no error)
     *                     return;
     *                 break;
     *             }
     *     previous(signal, info, context);
     * }
     * </pre>
     */
    private static final String X86_64 = "837e08007e264c8b057b000000488b0d7c000000488b4610493b007206493b40"
            + "0872124983c02048ffc975ec488b0565000000ffe05756524d8b4810498b7818"
            + "48f7df4821c7488db700000040493b7008490f4770084829fe49c70101000000"
            + "ba0300000041ba3240000049c7c0ffffffff4531c9b8090000000f055a5e5f48" + "3d00f0ffff77a5c3";
    private static final String AARCH64 = "290840b93f0100718d010054aa040058cb0400582c0840f94d3940a99f010deb"
            + "630000549f010eebc30000544a8100916b0500f121ffff54d003005800021fd6"
            + "e007bea9e20b00f9493d41a9ef030fcb80010f8a0100a8d20100018b3f000eeb"
            + "21908e9a210000cb2d0080d22d0100f9620080d2430688d204008092050080d2"
            + "c81b80d2010000d4e90300aae20b40f9e007c2a83ffd3fb102fdff54c0035fd6";

    private static final int SIGBUS = 7;
    private static final int SA_SIGINFO_ONSTACK_NODEFER = 0x48000004;
    private static final long SIGACTION_BYTES = 152;
    private static final long FLAGS_OFFSET = 136;

    private static final int MOST_SLOTS = 1 << 17;
    private static final long SLOT_BYTES = 32;
    private static final long END_OFFSET = 8;
    private static final long NOTE_OFFSET = 16;
    private static final long BLOCK_OFFSET = 24;

    private static final MethodHandle SIGACTION = NativeCalls.capturing("sigaction",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final int SLOTS = (int) Math.min(MOST_SLOTS, AddressSpace.maxMappings());
    private static final MemorySegment TABLE = MachineCode.map(SLOTS * SLOT_BYTES);
    private static final AtomicInteger USED = new AtomicInteger();
    private static final Queue<Integer> FREE = new ConcurrentLinkedQueue<>();
    /** Never given back: the handler may write to it as long as a mapping of the thread exists. */
    private static final ThreadLocal<MemorySegment> NOTE = ThreadLocal
            .withInitial(() -> Arena.global().allocate(Long.BYTES, Long.BYTES));
    private static final LinuxException REFUSAL = install();

    private BusErrors() {}

    /** Answers why it could not be done, or null. */
    private static LinuxException install() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(SIGACTION_BYTES, Long.BYTES);
            change(MemorySegment.NULL, action);
            MemorySegment handler = MachineCode.load(X86_64, AARCH64, TABLE.address(), SLOTS, Fields.i64(action, 0));
            action.fill((byte) 0);
            Fields.setI64(action, 0, handler.address());
            Fields.setI32(action, FLAGS_OFFSET, SA_SIGINFO_ONSTACK_NODEFER);
            change(action, MemorySegment.NULL);
            return null;
        } catch (LinuxException e) {
            return e;
        }
    }

    private static void change(MemorySegment to, MemorySegment before) {
        try {
            NativeCalls.check("sigaction", (int) SIGACTION.invokeExact(NativeCalls.state(), SIGBUS, to, before));
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /**
     * Has accesses to a mapping go on when its memory is gone. The calling thread is told of them by {@link #take}.
     *
     * @param block the size of its pages, to which it is aligned
     * @return its slot
     * @throws LinuxException if that is not possible: then it must not be accessed
     */
    static int add(long address, long length, long block) {
        if (REFUSAL != null) {
            throw REFUSAL;
        }
        Integer free = FREE.poll();
        int slot = free != null ? free : USED.getAndIncrement();
        if (slot >= SLOTS) {
            USED.decrementAndGet();
            throw new LinuxException("mmap", Errno.ENOMEM);
        }
        long offset = slot * SLOT_BYTES;
        Fields.setI64(TABLE, offset + NOTE_OFFSET, NOTE.get().address());
        Fields.setI64(TABLE, offset + BLOCK_OFFSET, block);
        Fields.setI64(TABLE, offset, address);
        Fields.setI64(TABLE, offset + END_OFFSET, address + length);
        return slot;
    }

    /** A mapping is about to end, and nothing accesses it any more. */
    static void remove(int slot) {
        Fields.setI64(TABLE, slot * SLOT_BYTES + END_OFFSET, 0);
        FREE.add(slot);
    }

    /** Whether the memory of a mapping that the calling thread made was gone at an access since the last call of this. */
    static boolean take() {
        MemorySegment note = NOTE.get();
        if (Fields.i64(note, 0) == 0) {
            return false;
        }
        Fields.setI64(note, 0, 0);
        return true;
    }
}
