/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* history.c: the latest signal of a channel, in the band. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct History {                /* the latest in-band signal, contiguous */
        unsigned keep, size, fill;
        float *y;
        int64_t end;                    /* step behind the latest */
} History;

int history_init(History *h, unsigned keep);
void history_done(History *h);
void history_restart(History *h, int64_t step);
void history_make_room(History *h);
static inline void history_push(History *h, float y) {
        if (h->fill == h->size)
                history_make_room(h);
        h->y[h->fill++] = y;
        h->end++;
}
unsigned history_magnitudes(const History *h, double from, double to, float *ret, unsigned max);
float history_largest(const History *h, double from, double to, double *ret_step);
float history_peak_to_peak(const History *h, unsigned latest);
float history_at(const History *h, double step);
void history_sample(const History *h, double first_step, double steps_per_point, float *ret, int n);
static inline const float* history_window(const History *h, unsigned n) {
        return h->y + h->fill - n;
}
/* The n values up to and with that of a step still in it. */
static inline const float* history_window_at(const History *h, int64_t step, unsigned n) {
        return h->y + h->fill - (size_t) (h->end - 1 - step) - n;
}
