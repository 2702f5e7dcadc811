/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* beat-locked.c: what comes at always the same time from a beat of the heart. */
#pragma once

#include <stdbool.h>

/* By definition of these waves. */
#define BEAT_LOCKED_BEFORE_S 0.25       /* R: a pacemaker's spike to the atrium, ... */
#define BEAT_LOCKED_AFTER_S 0.4         /* ... to the end of the T wave */
#define BEAT_LOCKED_BINS 130u           /* of 5 ms */

typedef struct BeatLocked {             /* of a channel */
        float counts[BEAT_LOCKED_BINS]; /* lately */
        float sums_uv[BEAT_LOCKED_BINS];
        float total;
} BeatLocked;

void beat_locked_restart(BeatLocked *b);
bool beat_locked_alike(double lag_s, double other_s, float uv, float other_uv);
bool beat_locked_next(BeatLocked *b, double lag_s, float uv);
