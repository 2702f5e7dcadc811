/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guarantee of the bets, by counting every order in which the days of the pairs can have been. */
#include <math.h>

#include "random.h"
#include "stats/bets.h"
#include "suite.h"
#include "util.h"

#define PAIRS 12

/* Sizes of differences as they come: some small, one absurd */
static const double sizes[PAIRS] = { 0.4, 1.2, 0.05, 0.7, 0.3, 2.5, 0.9, 0, 0.6, 1.1, 0.2, 0.8 };

static void pattern(unsigned signs, double centre, double *ret) {
        for (unsigned k = 0; k < PAIRS; k++)
                ret[k] = centre + (signs & 1u << k ? sizes[k] : -sizes[k]);
}

/* The mean over all patterns of the wealth is the stake exactly, and few ever reach a bound. */
START_TEST(nobody_wins_a_fair_game) {
        const double bounds[] = { 2, 5, 20 };
        unsigned reached[ELEMENTSOF(bounds)] = {};
        double mean = 0;

        for (unsigned signs = 0; signs < 1u << PAIRS; signs++) {
                double d[PAIRS];
                Bets b;

                pattern(signs, 0, d);
                bets_init(&b);
                for (unsigned k = 0; k < PAIRS; k++)
                        bets_add(&b, d[k]);
                mean += exp(b.log_wealth) / (1u << PAIRS);
                for (size_t i = 0; i < ELEMENTSOF(bounds); i++)
                        reached[i] += b.log_wealth_max >= log(bounds[i]);
        }
        ck_assert_double_eq_tol(mean, 1, 1e-9);
        for (size_t i = 0; i < ELEMENTSOF(bounds); i++)
                ck_assert_double_le(reached[i], (1u << PAIRS) / bounds[i]);
        ck_assert_uint_gt(reached[1], 0);
}
END_TEST

/* The truth, whatever it is, is outside of the interval in at most 1 / bound of all patterns. */
START_TEST(interval_holds_the_truth) {
        const double truths[] = { 0, 0.7, -1.2 };

        for (size_t i = 0; i < ELEMENTSOF(truths); i++) {
                unsigned outside = 0;

                for (unsigned signs = 0; signs < 1u << PAIRS; signs += 3) {
                        double d[PAIRS];
                        BetsInterval in;

                        pattern(signs, truths[i], d);
                        in = bets_interval(d, PAIRS, log(20));
                        outside += in.low > exp(truths[i]) || in.high < exp(truths[i]);
                }
                ck_assert_double_le(outside, (1u << PAIRS) / 3.0 / 20);
        }
}
END_TEST

static void draw(double *d, size_t n, double mean, double sd) {
        for (size_t i = 0; i < n; i++)
                d[i] = mean + sd * gaussian();
}

START_TEST(answers) {
        double d[60] = {}, bound = log(140);
        BetsInterval in;

        seed(3);
        ck_assert_int_eq(bets_answer(d, 0, bound, &in), BETS_NOT_KNOWN);
        ck_assert(in.low == 0 && isinf(in.high));
        ck_assert_double_eq(in.ratio, 1);
        draw(d, 60, log(2), 0.6);
        ck_assert_int_eq(bets_answer(d, 3, bound, NULL), BETS_NOT_KNOWN);
        ck_assert_int_eq(bets_answer(d, 60, bound, &in), BETS_MORE);
        ck_assert(in.low > 1 && in.low < 2 && in.high > 2);
        for (size_t i = 0; i < 60; i++)
                d[i] = -d[i];
        ck_assert_int_eq(bets_answer(d, 60, bound, &in), BETS_LESS);
        ck_assert(in.high < 1 && in.low < 0.5 && in.high > 0.5);
        draw(d, 60, 0, 0.5);
        ck_assert_int_eq(bets_answer(d, 60, bound, &in), BETS_NO_DOUBLING);
        ck_assert(in.low < 1 && in.high > 1 && in.high < 2);
}
END_TEST

/* What was claimed stays claimed: later pairs do not take the day back on which the bound was reached. */
START_TEST(claim_stays) {
        double d[40];

        for (size_t i = 0; i < 40; i++)
                d[i] = i < 20 ? 0.9 + 0.1 * (double) (i % 3) : -0.2;
        ck_assert_int_eq(bets_answer(d, 20, log(140), NULL), BETS_MORE);
        ck_assert_int_eq(bets_answer(d, 40, log(140), NULL), BETS_MORE);
}
END_TEST

START_TEST(bounds_leave_one_in_twenty) {
        double sum = 0;

        for (size_t i = 0; i < 1000; i++)
                sum += exp(-bets_log_bound(i));
        ck_assert_double_le(sum, 0.05 + 1e-12);
        ck_assert_double_ge(sum, 0.0499);
        ck_assert_double_eq_tol(exp(bets_log_bound(0)), 140, 1e-9);
        ck_assert_double_eq_tol(exp(bets_log_bound(5)), 140, 1e-9);
        ck_assert_double_eq_tol(exp(bets_log_bound(6)), 280, 1e-9);
}
END_TEST

/* The forecast is a density: its integral is the same whatever was learnt. */
START_TEST(forecast_is_a_density) {
        BetsForecast f;

        bets_forecast_init(&f);
        for (unsigned k = 0; k < PAIRS; k++) {
                double integral = 0;

                for (double x = -60; x < 60; x += 0.01)
                        integral += 0.01 * exp(bets_forecast_log_density(&f, x)) / sqrt(2 * M_PI);
                /* the weights of four spreads, which are all 1 before the first pair */
                ck_assert_double_eq_tol(integral, k == 0 ? 4 : 1, 1e-3);
                bets_forecast_learn(&f, sizes[k]);
        }
}
END_TEST

START_TEST(spread_is_learnt) {
        double d[200];
        BetsForecast narrow, wide;

        seed(5);
        bets_forecast_init(&narrow);
        bets_forecast_init(&wide);
        draw(d, 200, 0.5, 0.35);
        for (size_t i = 0; i < 200; i++) {
                bets_forecast_learn(&narrow, d[i]);
                bets_forecast_learn(&wide, 0.5 + (d[i] - 0.5) * 3);
        }
        ck_assert_double_eq_tol(bets_forecast_sd(&narrow), 0.35, 0.05);
        ck_assert_double_eq_tol(bets_forecast_sd(&wide), 1.1, 0.1);
}
END_TEST

SUITE("stats-bets", nobody_wins_a_fair_game, interval_holds_the_truth, answers, claim_stays,
      bounds_leave_one_in_twenty, forecast_is_a_density, spread_is_learnt)
