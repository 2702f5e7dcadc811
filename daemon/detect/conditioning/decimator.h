/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* decimator.c: 450 Hz and decimation to the processing rate. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "droop.h"

typedef struct Fir {                    /* of linear phase */
        unsigned n_taps;
        unsigned n_padded;              /* to a multiple of 4, zeros in front */
        unsigned next;
        float *taps;
        float *ring;                    /* [2 * n_padded][n_lanes], each value twice */
} Fir;

typedef struct Decimator {
        unsigned decimation;            /* frames per step */
        unsigned coarse_decimation;     /* ... of it in the first filter; 1: there is only one */
        unsigned coarse_in;             /* frames until its next value */
        unsigned n_lanes;
        bool needed;
        bool limits;                    /* to the band; else it only corrects the droop, if anything */
        Fir coarse, fine;
        float *between;                 /* [n_lanes] scratch */
        unsigned length_frames;
        double delay_frames;
} Decimator;

int decimator_init(Decimator *l, double rate_hz, unsigned n_lanes, const Droop *droop);
void decimator_done(Decimator *l);
void decimator_restart(Decimator *l, unsigned channel);
void decimator_align(Decimator *l, uint64_t position);
void decimator_feed(Decimator *l, const float *x, unsigned n_frames);
void decimator_run(const Decimator *l, float *ret);
