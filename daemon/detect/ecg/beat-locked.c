/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The spike of a pacemaker, a P wave, what subtraction leaves of a faint QRS complex: seen now and then, of
 * one size, and always at the same time from the beat. Twitches know nothing of the heart: theirs are spread
 * evenly. How many of the latest events of a channel came at one time, against how many would by chance?
 */
#include <math.h>
#include <string.h>

#include "beat-locked.h"

/* Chosen on the seeds 1 to 12 of tests/bench/bench-hearts.c. */
#define MEMORY 0.97f                    /* per event: of the latest 33 */
#define BESIDE 1                        /* bins to each side */
#define LEAST 2.5f                      /* chance in one of some hundred, as counted by Poisson's law, ... */
#define LEAST_OF_EXPECTED 3.0f          /* ... whatever is expected */
#define SIZE_RATIO 1.6f                 /* of one size */

#define BIN_S ((BEAT_LOCKED_BEFORE_S + BEAT_LOCKED_AFTER_S) / BEAT_LOCKED_BINS)

void beat_locked_restart(BeatLocked *b) {
        *b = (BeatLocked) { .total = 0 };
}

static bool of_one_size(float uv, float other_uv) {
        return uv < SIZE_RATIO * other_uv && other_uv < SIZE_RATIO * uv;
}

bool beat_locked_alike(double lag_s, double other_s, float uv, float other_uv) {
        return fabs(lag_s - other_s) < (BESIDE + 0.5) * BIN_S && of_one_size(uv, other_uv);
}

/* One more event, so long after the nearest beat. True: it is locked to the beats. */
bool beat_locked_next(BeatLocked *b, double lag_s, float uv) {
        int bin = (int) floor((lag_s + BEAT_LOCKED_BEFORE_S) / BIN_S);
        float count = 0, sum_uv = 0;

        if (bin < 0 || bin >= (int) BEAT_LOCKED_BINS)
                return false;
        for (unsigned i = 0; i < BEAT_LOCKED_BINS; i++) {
                b->counts[i] *= MEMORY;
                b->sums_uv[i] *= MEMORY;
        }
        b->total = b->total * MEMORY + 1;
        b->counts[bin] += 1;
        b->sums_uv[bin] += uv;
        for (int i = bin - BESIDE; i <= bin + BESIDE; i++)
                if (i >= 0 && i < (int) BEAT_LOCKED_BINS) {
                        count += b->counts[i];
                        sum_uv += b->sums_uv[i];
                }
        float expected = b->total * (2 * BESIDE + 1) / BEAT_LOCKED_BINS;
        return count >= LEAST + LEAST_OF_EXPECTED * expected && of_one_size(uv, sum_uv / count);
}
