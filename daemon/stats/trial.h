/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Experiments: the one place for "makes". Blocks of two sessions, one with the thing and one without, in an
 * order that a coin decided before the start. If the thing does nothing, the coin decided the sign of each
 * block's difference d (log rate with minus log rate without) and nothing else: the share of all 2^n sign
 * patterns with at least as large a sum is the exact two-sided p value, whatever the distribution of the
 * rates.
 *
 * Four planned looks at quarters of the blocks, with the bounds of O'Brien & Fleming (Biometrics
 * 1979;35:549) in the form of Lan & DeMets (Biometrika 1983;70:659), which together spend 5 %. Nothing is
 * looked at between them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define TRIAL_LOOKS 4u
#define TRIAL_BLOCKS_MIN 8u
#define TRIAL_BLOCKS_MAX 40u
#define TRIAL_BLOCKS_DEFAULT 10u

/* From this share of voided blocks on there is no claim: who leaves a block may leave it because of what it
 * did. */
#define TRIAL_VOID_MAX 0.2

/* A look is due when so many blocks are over, voided ones included; look from 0. */
unsigned trial_look_blocks(unsigned planned_blocks, unsigned look);
double trial_look_p(unsigned look);             /* claim if p is not larger */

/* The look that is due exactly when so many blocks are over, or -1. */
int trial_look_due(unsigned planned_blocks, unsigned blocks_over);

/*
 * Exact two-sided p of n differences, n at most TRIAL_BLOCKS_MAX; 1 for none. All patterns are counted,
 * those of either half in one sorted list, so that 40 blocks take a moment.
 */
double trial_p(const double *d, size_t n);

typedef struct TrialInterval {
        double ratio, low, high;        /* with / without; 0 and INFINITY where few blocks exclude nothing */
} TrialInterval;

/* All log ratios that the same test would not reject at p: with the p of a look, all looks together hold the
 * truth in 95 % (repeated confidence intervals: Jennison & Turnbull, JRSS B 1989;51:305). */
TrialInterval trial_interval(const double *d, size_t n, double p);

typedef enum TrialAnswer {
        TRIAL_RUNNING,                  /* not over */
        TRIAL_VOID,                     /* too many voided blocks: no claim */
        TRIAL_MORE, TRIAL_LESS,         /* makes more, makes less */
        TRIAL_NOTHING_FOUND,            /* all blocks are over; see the interval for what is ruled out */
} TrialAnswer;

typedef struct TrialBlock {
        bool voided;
        double d;                       /* if not voided */
} TrialBlock;

typedef struct TrialState {
        TrialAnswer answer;
        int look;                       /* the last that was held, or -1 */
        unsigned blocks, voided;        /* over, and of these */
        double p;                       /* of that look */
        TrialInterval interval;         /* of that look; what the person may see */
} TrialState;

/* Blocks that are over, in their order, at most TRIAL_BLOCKS_MAX. Says what the looks held so far said:
 * later differences do not show. */
TrialState trial_state(unsigned planned_blocks, const TrialBlock *blocks, unsigned n);

/* The same without the interval, which takes a hundred times as long. */
TrialAnswer trial_answer(unsigned planned_blocks, const TrialBlock *blocks, unsigned n);
