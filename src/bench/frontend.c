/*
 * The front-end and the driver of the benchmark: measures READ of several back-ends in turn, so that whatever else the machine
 * does comes to all of them.
 *
 *     frontend ROUNDS MILLISECONDS SUBJECT...
 *
 * A subject is "ping-pong", "ideal-sleeping", "ideal-polling", which are processes that this one makes, or NAME=SOCKET, a
 * vhost-user back-end. In each round each subject has so many milliseconds for each way to ask: one request at a time or 64 a
 * kick, the driver asleep until the notification or spinning on the used index. For each a line is printed:
 *
 *     WAY SUBJECT ROUND REQUESTS MEDIAN_NS P99_NS NS_A_REQUEST
 */
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define MAX_SAMPLES 4000000
#define MAX_SUBJECTS 16
#define WARM_UP_MS 1500

/* VIRTIO_F_VERSION_1, VIRTIO_F_EVENT_IDX, VHOST_USER_F_PROTOCOL_FEATURES. */
#define FEATURES (1ull << 32 | 1ull << 29 | 1ull << 30)
#define NEED_REPLY 8
#define REPLY_ACK (1ull << 3)

enum { SET_FEATURES = 2, SET_OWNER = 3, SET_MEM_TABLE = 5, SET_VRING_NUM = 8, SET_VRING_ADDR = 9, SET_VRING_BASE = 10,
    SET_VRING_KICK = 12, SET_VRING_CALL = 13, SET_PROTOCOL_FEATURES = 16, SET_VRING_ENABLE = 18 };

struct subject {
    const char *name;
    int socket, file, kick, call, is_ping_pong;
    struct memory *memory;
    uint16_t published, reaped;
};

static uint32_t samples[MAX_SAMPLES];

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void signal_event(int fd) {
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) != sizeof one) {
        fail("write to an eventfd");
    }
}

/* The back-end makes the eventfds that it is sent non-blocking, for both: sleep again and again. */
static void await_event(int fd) {
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0) {
        if (errno != EAGAIN) {
            fail("read of an eventfd");
        }
        fcntl(fd, F_SETFL, 0);
    }
}

static void child(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void set_up_memory(struct subject *subject) {
    subject->file = memfd_create("guest", MFD_CLOEXEC);
    subject->kick = eventfd(0, EFD_CLOEXEC);
    subject->call = eventfd(0, EFD_CLOEXEC);
    if (subject->file < 0 || ftruncate(subject->file, sizeof(struct memory)) < 0) {
        fail("memory");
    }
    struct memory *memory = mmap(0, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED, subject->file, 0);
    if (memory == MAP_FAILED) {
        fail("mmap");
    }
    memset(memory, 0, sizeof *memory);
    for (uint16_t i = 0; i < QUEUE_SIZE / 2; i++) {
        uint64_t address = (uint64_t)((char *)&memory->buffers[i] - (char *)memory);
        memory->buffers[i].type = 1;
        memory->table[2 * i] = (struct desc){address, 16, 1, (uint16_t)(2 * i + 1)};
        memory->table[2 * i + 1] = (struct desc){address + 16, 16, 2, 0};
    }
    subject->memory = memory;
}

static void send_message(int socket, uint32_t request, const void *payload, uint32_t size, int fd) {
    struct { uint32_t request, flags, size; char payload[128]; } message = {request, 1 | NEED_REPLY, size, {0}};
    memcpy(message.payload, payload, size);
    struct iovec vector = {&message, 12 + size};
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {0};
    struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};
    if (fd >= 0) {
        header.msg_control = control.space;
        header.msg_controllen = sizeof control.space;
        control.header = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    struct { uint32_t request, flags, size; uint64_t status; } __attribute__((packed)) reply;
    if (sendmsg(socket, &header, 0) < 0) {
        fail("sendmsg");
    }
    /* There are acknowledgements from the message after SET_PROTOCOL_FEATURES on. */
    if (request != SET_PROTOCOL_FEATURES && request != SET_OWNER && request != SET_FEATURES
            && (recv(socket, &reply, sizeof reply, MSG_WAITALL) != sizeof reply || reply.status != 0)) {
        fprintf(stderr, "the back-end refused message %u\n", request);
        exit(1);
    }
}

static void send_u64(int socket, uint32_t request, uint64_t value, int fd) {
    send_message(socket, request, &value, sizeof value, fd);
}

static void send_state(int socket, uint32_t request, uint32_t value) {
    uint32_t state[] = {0, value};
    send_message(socket, request, state, sizeof state, -1);
}

static void connect_to(struct subject *subject, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        fail(path);
    }
    subject->socket = fd;
    uint64_t user = (uint64_t)subject->memory;
    uint64_t table[] = {1, 0, sizeof(struct memory), user, 0};
    uint64_t rings[] = {0, (uint64_t)subject->memory->table, (uint64_t)&subject->memory->used,
        (uint64_t)&subject->memory->available, 0};
    send_message(fd, SET_OWNER, "", 0, -1);
    send_u64(fd, SET_PROTOCOL_FEATURES, REPLY_ACK, -1);
    send_u64(fd, SET_FEATURES, FEATURES, -1);
    uint64_t ack[3];
    /* SET_FEATURES came behind SET_PROTOCOL_FEATURES, so it is acknowledged. */
    if (recv(fd, ack, 20, MSG_WAITALL) != 20) {
        fail("acknowledgement");
    }
    send_message(fd, SET_MEM_TABLE, table, sizeof table, subject->file);
    send_state(fd, SET_VRING_NUM, QUEUE_SIZE);
    send_state(fd, SET_VRING_BASE, 0);
    send_message(fd, SET_VRING_ADDR, rings, sizeof rings, -1);
    send_u64(fd, SET_VRING_CALL, 0, subject->call);
    send_u64(fd, SET_VRING_KICK, 0, subject->kick);
    send_state(fd, SET_VRING_ENABLE, 1);
}

static void start(struct subject *subject, char *what) {
    char *path = strchr(what, '=');
    subject->name = what;
    set_up_memory(subject);
    if (path != 0) {
        *path = 0;
        connect_to(subject, path + 1);
    } else if (strcmp(what, "ping-pong") == 0) {
        subject->is_ping_pong = 1;
        if (fork() == 0) {
            for (child();;) {
                await_event(subject->kick);
                signal_event(subject->call);
            }
        }
    } else if (fork() == 0) {
        child();
        serve(subject->memory, subject->kick, subject->call, strcmp(what, "ideal-polling") == 0);
    }
}

static void ask(struct subject *subject, int count, int is_sleeping) {
    if (subject->is_ping_pong) {
        signal_event(subject->kick);
        await_event(subject->call);
        return;
    }
    struct memory *memory = subject->memory;
    uint16_t before = subject->published;
    for (int i = 0; i < count; i++, subject->published++) {
        memory->available.ring[subject->published % QUEUE_SIZE] = (uint16_t)(2 * (subject->published % (QUEUE_SIZE / 2)));
    }
    memory->available.used_event = (uint16_t)(subject->published - 1 - (is_sleeping ? 0 : count));
    __atomic_store_n(&memory->available.index, subject->published, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (needs_event(__atomic_load_n(&memory->used.available_event, __ATOMIC_RELAXED), subject->published, before)) {
        signal_event(subject->kick);
    }
    while (__atomic_load_n(&memory->used.index, __ATOMIC_ACQUIRE) != subject->published) {
        if (is_sleeping) {
            await_event(subject->call);
        } else {
            pause_cpu();
        }
    }
    for (; subject->reaped != subject->published; subject->reaped++) {
        uint32_t id = memory->used.ring[subject->reaped % QUEUE_SIZE].id;
        if (memory->buffers[id / 2].status != 0 || memory->buffers[id / 2].reading == 0) {
            fprintf(stderr, "%s: status %d\n", subject->name, memory->buffers[id / 2].status);
            exit(1);
        }
        memory->buffers[id / 2].reading = 0;
    }
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void measure(struct subject *subject, int count, int is_sleeping, int ms, int round) {
    uint64_t from = now_ns(), last = from, until = from + (uint64_t)ms * 1000000;
    size_t n = 0;
    while (last < until && n < MAX_SAMPLES) {
        ask(subject, count, is_sleeping);
        uint64_t now = now_ns();
        samples[n++] = (uint32_t)(now - last);
        last = now;
    }
    if (round >= 0) {
        qsort(samples, n, sizeof *samples, compare);
        printf("%s-%s %s %d %zu %u %u %.1f\n", count == 1 ? "one" : "batch", is_sleeping ? "sleeping" : "spinning",
                subject->name, round, n * (size_t)count, samples[n / 2], samples[n * 99 / 100],
                (double)(last - from) / (double)(n * (size_t)count));
        fflush(stdout);
    }
}

int main(int argc, char **argv) {
    struct subject subjects[MAX_SUBJECTS] = {0};
    int count = argc - 3;
    if (count < 1 || count > MAX_SUBJECTS) {
        fprintf(stderr, "usage: frontend ROUNDS MILLISECONDS SUBJECT...\n");
        return 2;
    }
    for (int i = 0; i < count; i++) {
        start(&subjects[i], argv[3 + i]);
    }
    for (int round = -1; round < atoi(argv[1]); round++) {
        for (int way = 0; way < 4; way++) {
            for (int i = 0; i < count; i++) {
                if (!subjects[i].is_ping_pong || way == 0) {
                    measure(&subjects[i], way < 2 ? 1 : BATCH, way % 2 == 0, round < 0 ? WARM_UP_MS : atoi(argv[2]), round);
                }
            }
        }
    }
    return 0;
}
