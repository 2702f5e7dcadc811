/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A lock-free ring of fixed-size items for exactly one producer thread and one
 * consumer thread.
 *
 * Both sides work on contiguous spans: the producer fills the free span and
 * commits, the consumer reads the filled span and releases. Neither ever waits.
 */
#pragma once

#include <stddef.h>

#include "../util.h"

typedef struct Ring Ring;

/* Room for at least n_items. */
int ring_new(size_t n_items, size_t item_size, Ring **ret);
Ring* ring_free(Ring *r);
DEFINE_TRIVIAL_CLEANUP_FUNC(Ring*, ring_free);

/* Producer: a contiguous run of free items, how many; 0 when the ring is full. */
size_t ring_free_span(Ring *r, void **ret);
void ring_commit(Ring *r, size_t n_items);

/* Consumer: a contiguous run of filled items, how many; 0 when the ring is empty. */
size_t ring_filled_span(Ring *r, void **ret);
void ring_release(Ring *r, size_t n_items);
