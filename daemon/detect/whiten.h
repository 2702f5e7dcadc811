/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* whiten.c: fits the filters to the colour of a channel's noise. */
#pragma once

#include <stdbool.h>
#include "bank.h"
#include "noise.h"

#define WHITEN_RATE_HZ_MIN 900.0        /* below, the band is too narrow for noise to have much colour */

typedef struct Whiten {
        unsigned n_lags, stride;        /* steps; looks from products to products */
        unsigned wait;                  /* looks until the next products */
        float *block;                   /* [n_lags] lag products of the block under way, longest lag first */
        bool wanted;                    /* at this rate */
        bool spoilt;                    /* something happened in it */
        double *covariance;             /* [n_lags] of noise of unit power */
        unsigned n_blocks, n_accepted;
        float *taps;                    /* the channel's own, as Bank.taps */
} Whiten;

int whiten_init(Whiten *w, const Bank *bank, double step_rate_hz, unsigned look_steps);
void whiten_done(Whiten *w);
void whiten_restart(Whiten *w, const Bank *bank);
void whiten_break(Whiten *w);
/* y: of the first look, and n_lags - 1 values before it */
void whiten_feed(Whiten *w, const float *y, unsigned look_steps, unsigned n_looks, bool event);
bool whiten_block_end(Whiten *w, bool quiet, const Bank *bank, double *scratch, Noise *noise);
void whiten_row(const Whiten *w, unsigned n, double *ret);
bool whiten_shapes(const Whiten *w, const float *shapes, unsigned n_lanes, unsigned n_taps, double *scratch, float *ret);
