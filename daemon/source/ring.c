/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <stdatomic.h>

#include "ring.h"

#define CACHE_LINE 64

/*
 * head and tail count items and never wrap at the capacity (a power of two), so
 * full and empty differ. Each is written by one side only: that side reads it
 * relaxed, the other acquires what was released with it. Apart by a cache line,
 * because both are written at block rate.
 */
struct Ring {
        size_t capacity, item_size;
        _Alignas(CACHE_LINE) _Atomic size_t head;       /* written by the producer */
        _Alignas(CACHE_LINE) _Atomic size_t tail;       /* written by the consumer */
        _Alignas(CACHE_LINE) unsigned char items[];
};

int ring_new(size_t n_items, size_t item_size, Ring **ret) {
        size_t capacity = 1;

        assert(ret);
        if (n_items == 0 || item_size == 0 || n_items > SIZE_MAX / 4 / item_size)
                return -EINVAL;
        while (capacity < n_items)
                capacity *= 2;

        size_t bytes = sizeof(Ring) + capacity * item_size;
        Ring *r = aligned_alloc(CACHE_LINE, (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
        if (!r)
                return -ENOMEM;

        /* Touch every page now: a page fault later would stall the acquisition. */
        memset(r, 0, bytes);
        r->capacity = capacity;
        r->item_size = item_size;
        *ret = r;
        return 0;
}

Ring* ring_free(Ring *r) {
        free(r);
        return NULL;
}

static size_t ring_span(Ring *r, size_t from, size_t n, void **ret) {
        size_t offset = from & (r->capacity - 1);

        *ret = r->items + offset * r->item_size;
        return MIN(n, r->capacity - offset);
}

size_t ring_free_span(Ring *r, void **ret) {
        size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
        size_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

        return ring_span(r, head, r->capacity - (head - tail), ret);
}

void ring_commit(Ring *r, size_t n_items) {
        size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

        atomic_store_explicit(&r->head, head + n_items, memory_order_release);
}

size_t ring_filled_span(Ring *r, void **ret) {
        size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
        size_t head = atomic_load_explicit(&r->head, memory_order_acquire);

        return ring_span(r, tail, head - tail, ret);
}

void ring_release(Ring *r, size_t n_items) {
        size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

        atomic_store_explicit(&r->tail, tail + n_items, memory_order_release);
}
