/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* learned.c: filters for the units that a channel knows. */
#pragma once

#include "bank.h"
#include "noise.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

#define LEARNED_LANES 8u                /* units x shifts below one step */

typedef struct Learned {
        unsigned n_lanes;               /* in use; 0: the channel knows no unit well enough */
        float generic;                  /* on the bank's statistic, at most 1: its share of the false alarms */
        float *shapes, *taps;           /* [n_taps][LEARNED_LANES] of unit energy; fitted to the noise */
        unsigned like[LEARNED_LANES];   /* lane of the bank with the most similar output */
        float weights[LEARNED_LANES];   /* on outputs in standard deviations, as those of the bank; may be above 1 */
        float inverse[LEARNED_LANES];   /* weight / sigma */
} Learned;

int learned_init(Learned *l, unsigned n_taps);
void learned_done(Learned *l);
void learned_restart(Learned *l);
void learned_update(Learned *l, const Noise *noise);
float learned_run(const Learned *l, const Bank *bank, const float *window_uv, float statistic);

void learned_refit(const Detector *d, Channel *c);
