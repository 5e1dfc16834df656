/*
 * How quick a back-end for READ can be: it is given the ring and trusts all that is in it. It answers whatever one look at the
 * available index has found with one reading of the clock, one update of the used index, and at most one notification. One
 * that polls does so until nothing has come for a millisecond, so that it does not take the processor from others that are
 * measured in turn with it.
 */
#define _GNU_SOURCE
#include "ring.h"
#include <time.h>
#include <unistd.h>

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void sleep_until_kick(struct memory *memory, uint16_t last, int kick) {
    memory->used.available_event = last;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&memory->available.index, __ATOMIC_ACQUIRE) == last) {
        uint64_t count;
        (void)!read(kick, &count, sizeof count);
    }
}

_Noreturn void serve(struct memory *memory, int kick, int call, int polls) {
    struct used *used = &memory->used;
    uint16_t last = 0;
    uint64_t until = 0;
    for (unsigned spins = 0;; spins++) {
        uint16_t index = __atomic_load_n(&memory->available.index, __ATOMIC_ACQUIRE);
        if (index == last) {
            if (polls && (spins % 64 != 0 || now(CLOCK_MONOTONIC) < until)) {
                pause_cpu();
            } else {
                sleep_until_kick(memory, last, kick);
            }
            continue;
        }
        uint64_t reading = now(CLOCK_TAI);
        uint16_t before = last;
        for (; last != index; last++) {
            uint16_t head = memory->available.ring[last % QUEUE_SIZE];
            struct desc *in = &memory->table[head], *out = &memory->table[in->next];
            struct buffer *request = (void *)((char *)memory + in->address);
            uint64_t *response = (void *)((char *)memory + out->address);
            response[0] = request->type == 1 && request->clock == 0 ? 0 : 2;
            response[1] = reading;
            used->ring[last % QUEUE_SIZE].id = head;
            used->ring[last % QUEUE_SIZE].length = 16;
        }
        __atomic_store_n(&used->index, last, __ATOMIC_RELEASE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (needs_event(memory->available.used_event, last, before)) {
            uint64_t one = 1;
            (void)!write(call, &one, sizeof one);
        }
        if (polls) {
            until = now(CLOCK_MONOTONIC) + 1000000;
        }
    }
}
