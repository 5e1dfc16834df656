package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What this package takes from the C headers, compiled against those of each architecture; nothing of it is run. */
class LayoutsTest {

    private static final String ASSERTIONS = """
            #define _GNU_SOURCE
            #include <fcntl.h>
            #include <linux/aio_abi.h>
            #include <sched.h>
            #include <stddef.h>
            #include <sys/epoll.h>
            #include <sys/eventfd.h>
            #include <sys/mman.h>
            #include <sys/resource.h>
            #include <sys/socket.h>
            #include <sys/stat.h>
            #include <sys/syscall.h>
            #include <sys/statfs.h>
            #include <sys/timerfd.h>
            #include <sys/timex.h>
            #include <sys/uio.h>
            #include <linux/magic.h>
            #include <poll.h>
            #include <errno.h>
            #define SAME(a, b) _Static_assert((a) == (b), #a)
            #define AT(type, member, offset) SAME(offsetof(struct type, member), offset)
            #ifdef __x86_64__
            #define NUMBER(x86, aarch64) x86
            #else
            #define NUMBER(x86, aarch64) aarch64
            #endif
            SAME(SYS_io_setup, NUMBER(206, 0));
            SAME(SYS_io_destroy, NUMBER(207, 1));
            SAME(SYS_io_submit, NUMBER(209, 2));
            SAME(SYS_adjtimex, NUMBER(159, 171));
            SAME(SYS_sched_setattr, NUMBER(314, 274)); SAME(SYS_sched_getattr, NUMBER(315, 275));
            SAME(sizeof(struct iocb), 64); AT(iocb, aio_lio_opcode, 16); AT(iocb, aio_fildes, 20);
            AT(iocb, aio_flags, 56); AT(iocb, aio_resfd, 60);
            SAME(IOCB_CMD_PREAD, 0); SAME(IOCB_FLAG_RESFD, 1);
            SAME(sizeof(struct epoll_event), NUMBER(12, 16)); AT(epoll_event, data, NUMBER(4, 8));
            SAME(EPOLLIN, 1); SAME(EPOLLRDHUP, 0x2000); SAME(EPOLLET, 1u << 31); SAME(EPOLL_CLOEXEC, 0x80000);
            SAME(EPOLL_CTL_ADD, 1); SAME(EPOLL_CTL_DEL, 2);
            SAME(sizeof(struct msghdr), 56); AT(msghdr, msg_iov, 16); AT(msghdr, msg_iovlen, 24);
            AT(msghdr, msg_control, 32); AT(msghdr, msg_controllen, 40);
            SAME(sizeof(struct cmsghdr), 16); AT(cmsghdr, cmsg_level, 8); AT(cmsghdr, cmsg_type, 12);
            SAME(sizeof(struct iovec), 16); SAME(sizeof(struct pollfd), 8); AT(pollfd, events, 4); AT(pollfd, revents, 6);
            SAME(sizeof(struct ucred), 12); AT(ucred, uid, 4); AT(ucred, gid, 8);
            SAME(sizeof(struct rlimit), 16); SAME(RLIMIT_NOFILE, 7);
            SAME(sizeof(struct timex), 208); AT(timex, maxerror, 24); AT(timex, esterror, 32); AT(timex, status, 40);
            AT(timex, tai, 160);
            SAME(sizeof(struct itimerspec), 32); AT(itimerspec, it_value, 16);
            SAME(sizeof(struct statx), 256); AT(statx, stx_blksize, 4); AT(statx, stx_mode, 28); AT(statx, stx_size, 40);
            SAME(O_NONBLOCK, 0x800); SAME(SOCK_NONBLOCK, 0x800); SAME(SOCK_CLOEXEC, 0x80000);
            SAME(EFD_NONBLOCK, 0x800); SAME(EFD_CLOEXEC, 0x80000); SAME(TFD_NONBLOCK, 0x800); SAME(TFD_CLOEXEC, 0x80000);
            SAME(F_GETFL, 3); SAME(F_SETFL, 4); SAME(F_GET_SEALS, 1034); SAME(MFD_CLOEXEC, 1);
            SAME(F_SEAL_SHRINK, 2); SAME(O_CLOEXEC, 0x80000);
            SAME(sizeof(struct statfs), 120); AT(statfs, f_type, 0); SAME(TMPFS_MAGIC, 0x01021994);
            SAME(SOL_SOCKET, 1); SAME(SCM_RIGHTS, 1); SAME(SO_PEERCRED, 17);
            SAME(MSG_DONTWAIT, 0x40); SAME(MSG_NOSIGNAL, 0x4000); SAME(MSG_CMSG_CLOEXEC, 0x40000000);
            SAME(MAP_SHARED, 1); SAME(MAP_NORESERVE, 0x4000); SAME(MADV_NOHUGEPAGE, 15); SAME(SCHED_OTHER, 0);
            SAME(RWF_NOWAIT, 8); SAME(AT_EMPTY_PATH, 0x1000);
            SAME(EINTR, 4); SAME(EAGAIN, 11); SAME(EPIPE, 32); SAME(ECONNABORTED, 103); SAME(ECONNRESET, 104);
            SAME(ECANCELED, 125);
            """;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({"x86-64, gcc", "aarch64, aarch64-linux-gnu-gcc"})
    void numbersAndLayoutsAreThoseOfTheHeaders(String architecture, String compiler) throws Exception {
        assumeTrue(!architecture.equals("x86-64") || System.getProperty("os.arch").equals("amd64"), architecture);
        Path source = Files.writeString(directory.resolve("layouts.c"), ASSERTIONS);
        Process process;
        try {
            process = new ProcessBuilder(compiler, "-fsyntax-only", source.toString()).redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            assumeTrue(false, compiler + " is not installed");
            return;
        }
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
    }
}
