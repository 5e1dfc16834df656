package io.clocktower.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Adds one to eventfds that are shared with another process, without ever blocking. One thread at a time uses it.
 *
 * <p>
 * A write to an eventfd blocks while its count is full, unless O_NONBLOCK is set, and that flag belongs to the open file:
 * the other process can clear it, and fill the count, at any time. The completion of a Linux AIO request adds one from
 * inside the kernel instead (IOCB_FLAG_RESFD), never waits, and leaves a full count as it is. The request is a read of no
 * bytes, which completes inside io_submit.
 *
 * <pre>
 * struct iocb (64 bytes)          struct aio_ring, at the context's address
 *    0 u64 aio_data                  0 u32 id
 *    8 u32 aio_key                   4 u32 nr
 *   12 i32 aio_rw_flags              8 u32 head   moved by us
 *   16 u16 aio_lio_opcode           12 u32 tail   moved by the kernel
 *   18 i16 aio_reqprio              16 u32 magic
 *   20 u32 aio_fildes
 *   24 u64 aio_buf
 *   32 u64 aio_nbytes
 *   40 i64 aio_offset
 *   56 u32 aio_flags
 *   60 u32 aio_resfd
 * </pre>
 *
 * <p>
 * Where the kernel or a filter of system calls denies io_setup, the eventfd is asked whether its count has room and then
 * written: a process that clears O_NONBLOCK between the two can block the thread. {@link #limitation} says so.
 */
public final class EventSignals implements AutoCloseable {

    private static final long SYS_IO_SETUP = NativeCalls.number(206, 0);
    private static final long SYS_IO_DESTROY = NativeCalls.number(207, 1);
    private static final long SYS_IO_SUBMIT = NativeCalls.number(209, 2);

    private static final long IOCB_BYTES = 64;
    private static final long OPCODE_OFFSET = 16;
    private static final long FILDES_OFFSET = 20;
    private static final long FLAGS_OFFSET = 56;
    private static final long RESFD_OFFSET = 60;
    private static final short IOCB_CMD_PREAD = 0;
    private static final int IOCB_FLAG_RESFD = 1;

    private static final long RING_BYTES = 32;
    private static final long HEAD_OFFSET = 8;
    private static final long TAIL_OFFSET = 12;
    private static final long MAGIC_OFFSET = 16;
    private static final int RING_MAGIC = 0xa10a10a1;

    private static final MethodHandle SYSCALL = NativeCalls.capturingVariadic("syscall", 1,
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS));

    private final Arena arena = Arena.ofAuto();
    private final String limitation;
    private Descriptor empty;
    private long context;
    private MemorySegment ring;
    private MemorySegment request;
    private MemorySegment requests;

    private EventSignals(boolean hasAio) {
        limitation = hasAio ? setUp() : "Linux AIO is not used";
    }

    /** Opens an AIO context, if the kernel allows it. It counts one towards {@code /proc/sys/fs/aio-max-nr}. */
    public static EventSignals open() {
        return new EventSignals(true);
    }

    /** For eventfds that only a trusted process shares. */
    public static EventSignals withoutAio() {
        return new EventSignals(false);
    }

    /** Answers why that failed, or null. */
    @SuppressWarnings("restricted")
    private String setUp() {
        try {
            empty = AnonymousFile.create("clocktower-signals");
            MemorySegment id = arena.allocate(JAVA_LONG);
            if ((long) SYSCALL.invokeExact(NativeCalls.state(), SYS_IO_SETUP, 1L, id) == -1) {
                return "io_setup: " + Errno.describe(NativeCalls.errno());
            }
            context = Fields.i64(id, 0);
            ring = MemorySegment.ofAddress(context).reinterpret(RING_BYTES);
            if (Fields.i32Acquire(ring, MAGIC_OFFSET) != RING_MAGIC) {
                return "io_setup: its ring of completions has an unknown format";
            }
            request = arena.allocate(IOCB_BYTES, JAVA_LONG.byteAlignment());
            Fields.setI16(request, OPCODE_OFFSET, IOCB_CMD_PREAD);
            Fields.setI32(request, FILDES_OFFSET, empty.number());
            Fields.setI32(request, FLAGS_OFFSET, IOCB_FLAG_RESFD);
            requests = arena.allocateFrom(ADDRESS, request);
            return null;
        } catch (LinuxException e) {
            return e.getMessage();
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
    }

    /** Why a signal can block after all; empty where it cannot. */
    public Optional<String> limitation() {
        return Optional.ofNullable(limitation);
    }

    /** Adds one to the count of an eventfd. A full count stays as it is: a thread that waits for it is woken in any case. */
    void signal(int fd) {
        if (limitation == null && submit(fd)) {
            return;
        }
        if ((Poll.now(fd, Poll.POLLOUT) & Poll.POLLOUT) != 0) {
            EventFd.write(fd);
        }
    }

    private boolean submit(int fd) {
        Fields.setI32(request, RESFD_OFFSET, fd);
        long submitted = HotCalls.ioSubmit(SYS_IO_SUBMIT, context, requests);
        // Nothing reads the completion. The kernel reads the head, and so learns that the entry is free again.
        Fields.setI32Release(ring, HEAD_OFFSET, Fields.i32Acquire(ring, TAIL_OFFSET));
        return submitted == 1;
    }

    @Override
    public void close() {
        try {
            if (context != 0) {
                long ignored = (long) SYSCALL.invokeExact(NativeCalls.state(), SYS_IO_DESTROY, context,
                        MemorySegment.NULL);
                context = 0;
            }
        } catch (Throwable thrown) {
            throw NativeCalls.unexpected(thrown);
        }
        if (empty != null) {
            empty.close();
        }
    }
}
