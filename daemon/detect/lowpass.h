/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lowpass.c: 450 Hz and decimation to the processing rate. */
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

typedef struct Lowpass {
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
} Lowpass;

int lowpass_init(Lowpass *l, double rate_hz, unsigned n_lanes, const Droop *droop);
void lowpass_done(Lowpass *l);
void lowpass_restart(Lowpass *l, unsigned channel);
void lowpass_align(Lowpass *l, uint64_t position);
void lowpass_feed(Lowpass *l, const float *x, unsigned n_frames);
void lowpass_run(const Lowpass *l, float *ret);
