/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "power.h"
#include "quantiles.h"
#include "random.h"
#include "trial.h"

static unsigned play_on(Bets b, double log_bound, double mean, double sd, StatsRandom *r) {
        unsigned n = 0;

        while (b.log_wealth < log_bound && n <= POWER_PAIRS_MAX) {
                bets_add(&b, mean + sd * stats_random_normal(r));
                n++;
        }
        return n;
}

unsigned power_more_pairs(const Bets *b, double log_bound, double ratio) {
        double needed[POWER_GAMES], sd = bets_forecast_sd(&b->forecast);
        StatsRandom r = { .state = 1 };

        if (b->log_wealth_max >= log_bound)
                return 0;
        for (unsigned i = 0; i < POWER_GAMES; i++)
                needed[i] = play_on(*b, log_bound, log(ratio), sd, &r);
        stats_sort(needed, POWER_GAMES);
        return (unsigned) needed[POWER_GAMES / 2];
}

static bool trial_finds(unsigned blocks, double mean, double sd, StatsRandom *r) {
        TrialBlock b[TRIAL_BLOCKS_MAX];
        TrialAnswer answer;

        for (unsigned k = 0; k < blocks; k++)
                b[k] = (TrialBlock) { .d = mean + sd * stats_random_normal(r) };
        answer = trial_answer(blocks, b, blocks);
        return answer == TRIAL_MORE || answer == TRIAL_LESS;
}

#define TRIAL_GAMES 400u

static double trial_power(unsigned blocks, double mean, double sd) {
        StatsRandom r = { .state = 1 };
        unsigned found = 0;

        for (unsigned i = 0; i < TRIAL_GAMES; i++)
                found += trial_finds(blocks, mean, sd, &r);
        return (double) found / TRIAL_GAMES;
}

double power_trial_ratio(unsigned blocks, double sd, double power) {
        double low = 0, high = log(20);

        if (blocks > TRIAL_BLOCKS_MAX || trial_power(blocks, high, sd) < power)
                return INFINITY;
        while (high - low > 0.01) {
                double middle = (low + high) / 2;

                if (trial_power(blocks, middle, sd) < power)
                        low = middle;
                else
                        high = middle;
        }
        return exp(high);
}
