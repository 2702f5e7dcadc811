/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "bets.h"

/* Of the difference of the logarithms of two sessions' rates: from hardly more than the counts' own
 * variation to days that differ threefold. */
static const double spreads[BETS_SPREADS] = { 0.35, 0.5, 0.75, 1.1 };

/* Shifts that an interval tries: log ratios up to 40-fold. */
#define SHIFT_STEP 0.01
#define SHIFTS 369

void bets_forecast_init(BetsForecast *f) {
        *f = (BetsForecast) {};
}

/* Normal predictive density of the next difference, given one spread. */
static double log_density_of_spread(const BetsForecast *f, unsigned spread, double d) {
        double noise = spreads[spread] * spreads[spread];
        double posterior = 1 / (1 / (BETS_PRIOR_SD * BETS_PRIOR_SD) + (double) f->n / noise);
        double off = d - posterior * f->sum / noise, variance = noise + posterior;

        return -0.5 * (off * off / variance + log(variance));
}

static double log_sum(const double *x) {
        double largest = x[0], sum = 0;

        for (unsigned i = 1; i < BETS_SPREADS; i++)
                largest = fmax(largest, x[i]);
        for (unsigned i = 0; i < BETS_SPREADS; i++)
                sum += exp(x[i] - largest);
        return largest + log(sum);
}

/* Up to a constant, which is the same for all forecasts */
double bets_forecast_log_density(const BetsForecast *f, double d) {
        double x[BETS_SPREADS];

        for (unsigned i = 0; i < BETS_SPREADS; i++)
                x[i] = f->log_weights[i] + log_density_of_spread(f, i, d);
        return log_sum(x);
}

void bets_forecast_learn(BetsForecast *f, double d) {
        double sum;

        for (unsigned i = 0; i < BETS_SPREADS; i++)
                f->log_weights[i] += log_density_of_spread(f, i, d);
        sum = log_sum(f->log_weights);
        for (unsigned i = 0; i < BETS_SPREADS; i++)
                f->log_weights[i] -= sum;
        f->n++;
        f->sum += d;
}

double bets_forecast_sd(const BetsForecast *f) {
        double variance = 0, weights = 0;

        for (unsigned i = 0; i < BETS_SPREADS; i++) {
                variance += exp(f->log_weights[i]) * spreads[i] * spreads[i];
                weights += exp(f->log_weights[i]);
        }
        return sqrt(variance / weights);
}

double bets_log_factor(const BetsForecast *f, double d, double shift) {
        double odds = bets_forecast_log_density(f, d) - bets_forecast_log_density(f, 2 * shift - d);

        return log1p(BETS_CAUTION * tanh(odds / 2));    /* 2 p - 1 = tanh(log odds / 2) */
}

void bets_init(Bets *b) {
        *b = (Bets) {};
}

void bets_add(Bets *b, double d) {
        b->log_wealth += bets_log_factor(&b->forecast, d, 0);
        b->log_wealth_max = fmax(b->log_wealth_max, b->log_wealth);
        bets_forecast_learn(&b->forecast, d);
}

double bets_log_bound(size_t index) {
        double doublings = index < BETS_PLACES ? 0 : (double) (index - BETS_PLACES + 1);

        return log(20.0 * (BETS_PLACES + 1)) + doublings * M_LN2;
}

BetsInterval bets_interval(const double *d, size_t n, double log_bound) {
        double log_wealth[2 * SHIFTS + 1] = {};
        bool excluded[2 * SHIFTS + 1] = {};
        int first = 0, last = 2 * SHIFTS;
        BetsForecast f;

        bets_forecast_init(&f);
        for (size_t k = 0; k < n; k++) {
                for (int i = 0; i <= 2 * SHIFTS; i++) {
                        if (excluded[i])
                                continue;
                        log_wealth[i] += bets_log_factor(&f, d[k], (i - SHIFTS) * SHIFT_STEP);
                        excluded[i] = log_wealth[i] >= log_bound;
                }
                bets_forecast_learn(&f, d[k]);
        }
        while (first < last && excluded[first])
                first++;
        while (last > first && excluded[last])
                last--;
        return (BetsInterval) {
                /* one step further out, as the limit lies between two shifts */
                .low = first == 0 ? 0 : exp((first - 1 - SHIFTS) * SHIFT_STEP),
                .high = last == 2 * SHIFTS ? INFINITY : exp((last + 1 - SHIFTS) * SHIFT_STEP),
                .ratio = exp(f.sum / ((double) n + pow(bets_forecast_sd(&f) / BETS_PRIOR_SD, 2))),
        };
}

BetsAnswer bets_answer(const double *d, size_t n, double log_bound, BetsInterval *ret_interval) {
        BetsInterval interval = bets_interval(d, n, log_bound);
        bool claimed = false;
        Bets b;

        bets_init(&b);
        for (size_t k = 0; k < n; k++)
                bets_add(&b, d[k]);
        claimed = b.log_wealth_max >= log_bound;
        if (ret_interval)
                *ret_interval = interval;
        if (claimed)
                return interval.ratio > 1 ? BETS_MORE : BETS_LESS;
        return interval.high < BETS_DOUBLING ? BETS_NO_DOUBLING : BETS_NOT_KNOWN;
}
