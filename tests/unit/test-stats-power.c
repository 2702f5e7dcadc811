/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "About N more pairs", against lives played with other random numbers. */
#include <math.h>

#include "random.h"
#include "stats/power.h"
#include "stats/trial.h"
#include "suite.h"
#include "util.h"

START_TEST(half_of_the_lives_get_there) {
        double bound = bets_log_bound(0), start[] = { 0.3, -0.4, 1.0, 0.1, 0.6, -0.2 };
        unsigned needed, there = 0, lives = 2000;
        Bets b;

        bets_init(&b);
        for (size_t i = 0; i < ELEMENTSOF(start); i++)
                bets_add(&b, start[i]);
        needed = power_more_pairs(&b, bound, 2);
        ck_assert(needed > 5 && needed < 80);
        ck_assert_uint_eq(needed, power_more_pairs(&b, bound, 2));
        ck_assert_uint_lt(power_more_pairs(&b, bound, 4), needed);
        seed(7);
        for (unsigned life = 0; life < lives; life++) {
                Bets on = b;

                for (unsigned k = 0; k < needed; k++)
                        bets_add(&on, log(2) + bets_forecast_sd(&b.forecast) * gaussian());
                there += on.log_wealth_max >= bound;
        }
        ck_assert_double_eq_tol((double) there / lives, 0.5, 0.1);
}
END_TEST

START_TEST(there_and_never) {
        Bets b;

        bets_init(&b);
        for (int i = 0; i < 30; i++)
                bets_add(&b, 1);
        ck_assert_uint_eq(power_more_pairs(&b, bets_log_bound(0), 2), 0);
        bets_init(&b);
        ck_assert_uint_eq(power_more_pairs(&b, bets_log_bound(0), 1.001), POWER_PAIRS_MAX + 1);
}
END_TEST

START_TEST(experiments_find_what_they_say) {
        double sd = 0.8, ratio = power_trial_ratio(10, sd, 0.8);
        unsigned found = 0, runs = 1000;

        ck_assert(ratio > 1.5 && ratio < 4);
        ck_assert(power_trial_ratio(20, sd, 0.8) < ratio);
        seed(8);
        for (unsigned i = 0; i < runs; i++) {
                TrialBlock blocks[10];

                for (unsigned k = 0; k < 10; k++)
                        blocks[k] = (TrialBlock) { .d = log(ratio) + sd * gaussian() };
                found += trial_answer(10, blocks, 10) == TRIAL_MORE;
        }
        ck_assert_double_eq_tol((double) found / runs, 0.8, 0.06);
        ck_assert(isinf(power_trial_ratio(8, 8, 0.8)));
}
END_TEST

SUITE("stats-power", half_of_the_lives_get_there, there_and_never, experiments_find_what_they_say)
