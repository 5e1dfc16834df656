/* A split virtqueue with VIRTIO_F_EVENT_IDX, as the front-end and the ideal back-end of the benchmark share it. */
#include <stdint.h>

#define QUEUE_SIZE 256

struct desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

struct available {
    uint16_t flags, index, ring[QUEUE_SIZE], used_event;
};

struct used {
    uint16_t flags, index;
    struct { uint32_t id, length; } ring[QUEUE_SIZE];
    uint16_t available_event;
};

/* READ of clock 0, for which each head of the ring has a buffer of its own. */
struct buffer {
    uint16_t type;
    uint8_t reserved[6];
    uint16_t clock;
    uint8_t reserved2[6];
    uint8_t status, reserved3[7];
    uint64_t reading;
};

/* The guest's memory, at guest address 0. */
struct memory {
    _Alignas(4096) struct desc table[QUEUE_SIZE];
    _Alignas(4096) struct available available;
    _Alignas(4096) struct used used;
    _Alignas(4096) struct buffer buffers[QUEUE_SIZE / 2];
};

static inline void pause_cpu(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

static inline int needs_event(uint16_t event, uint16_t now, uint16_t before) {
    return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

/* Serves READ, and nothing else, for ever; see ideal.c. */
_Noreturn void serve(struct memory *memory, int kick, int call, int polls);
