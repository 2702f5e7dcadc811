/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does a kind of diary entry go with more twitching, or with less? Pairs of sessions, one after such an
 * entry and one without; of each pair the difference d of the logarithms of the rates, exposed minus not.
 *
 * A guesser sees only |d| and the pairs before, and bets on the sign. If the kind makes no difference either
 * sign is equally likely, he cannot win in the long run, and the chance that his stake ever grows c-fold is
 * at most 1 / c, however often one looks (Ville 1939; Ramdas et al., "Game-theoretic statistics and safe
 * anytime-valid inference", Stat Sci 2023;38:576). So wealth beyond 1 / alpha at any time is a claim at
 * level alpha, with no plan of how many pairs there will be.
 *
 * The bet: with f the density that is forecast for d from the earlier pairs, p = f(d) / (f(d) + f(-d)), the
 * stake is multiplied by 1 + BETS_CAUTION (2 p - 1). Forecast: normal; mean with prior N(0,
 * BETS_PRIOR_SD^2), standard deviation one of a grid, each weighted by how well it foretold what came.
 *
 * The same with d reflected about s instead of 0, p = f(d) / (f(d) + f(2 s - d)), tests that the log ratio
 * is s. All s whose process has never reached the bound make an interval that holds at all times together
 * ("confidence sequence"); it is given as the smallest and the largest such s.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BETS_SPREADS 4u

/* Standard deviation of the log ratio expected beforehand: twofold more or less is 1 SD. Raising it makes
 * the first bets bolder, and the loss larger where nothing is to be found. */
#define BETS_PRIOR_SD 0.7

/* Share of the stake at risk at most. 1 would let one odd pair ruin the guesser; less slows him. */
#define BETS_CAUTION 0.95

typedef struct BetsForecast {
        size_t n;
        double sum;
        double log_weights[BETS_SPREADS];
} BetsForecast;

void bets_forecast_init(BetsForecast *f);
void bets_forecast_learn(BetsForecast *f, double d);
double bets_forecast_log_density(const BetsForecast *f, double d);
double bets_forecast_sd(const BetsForecast *f);                 /* of one difference, log ratio */

/* Logarithm of the factor of one bet, before the forecast learns d. */
double bets_log_factor(const BetsForecast *f, double d, double shift);

typedef struct Bets {
        BetsForecast forecast;
        double log_wealth, log_wealth_max;
} Bets;

void bets_init(Bets *b);
void bets_add(Bets *b, double d);

/*
 * The bound for the question that was asked as the index-th (from 0) of all that ever were, dropped ones
 * included: BETS_PLACES questions have 20 (BETS_PLACES + 1) each, every one after them twice the bound of
 * the one before. The sum of 1 / bound never exceeds 1 / 20, whatever is asked later: at most one life in 20
 * with a claim that is not so.
 */
#define BETS_PLACES 6u
double bets_log_bound(size_t index);

typedef struct BetsInterval {
        double low, high;               /* ratios; 0 and INFINITY where nothing is excluded yet */
        double ratio;                   /* geometric mean of the pairs, drawn to 1 by the prior */
} BetsInterval;

/* From all differences in the order of the pairs. */
BetsInterval bets_interval(const double *d, size_t n, double log_bound);

typedef enum BetsAnswer {
        BETS_NOT_KNOWN,                 /* not known yet */
        BETS_NO_DOUBLING,               /* the interval ends below BETS_DOUBLING */
        BETS_MORE,                      /* goes with more, or with less: the bound was reached */
        BETS_LESS,
} BetsAnswer;

#define BETS_DOUBLING 2.0

/* `interval` may be NULL. */
BetsAnswer bets_answer(const double *d, size_t n, double log_bound, BetsInterval *ret_interval);
