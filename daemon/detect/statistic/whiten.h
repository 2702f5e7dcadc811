/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* whiten.c: fits the filters to the colour of a channel's noise. */
#pragma once

#include <stdbool.h>

#include "noise.h"
#include "template-bank.h"

typedef struct Whiten {
        unsigned n_lags, stride;        /* steps; evaluations from products to products */
        unsigned wait;                  /* evaluations until the next products */
        float *block;                   /* [n_lags] lag products of the block under way, longest lag first */
        bool wanted;                    /* at this rate */
        bool invalid;                   /* something happened in it */
        double *covariance;             /* [n_lags] of noise of unit power */
        unsigned n_blocks, n_accepted;
        float *taps;                    /* the channel's own, as TemplateBank.taps */
} Whiten;

int whiten_init(Whiten *w, const TemplateBank *bank, double step_rate_hz, unsigned eval_steps);
void whiten_done(Whiten *w);
void whiten_restart(Whiten *w, const TemplateBank *bank);
void whiten_break(Whiten *w);
/* y: of the first evaluation, and n_lags - 1 values before it */
void whiten_feed(Whiten *w, const float *y, unsigned eval_steps, unsigned n_evals, bool event);
bool whiten_block_end(Whiten *w, bool quiet, const TemplateBank *bank, double *scratch, Noise *noise);
void whiten_row(const Whiten *w, unsigned n, double *ret);
bool whiten_waveforms(const Whiten *w, const float *waveforms, unsigned n_lanes, unsigned n_taps,
                      double *scratch, float *ret);
