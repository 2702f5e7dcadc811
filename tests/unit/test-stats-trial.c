/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Experiments, against counting all sign patterns one by one. */
#include <math.h>

#include "random.h"
#include "stats/trial.h"
#include "suite.h"
#include "util.h"

static double p_one_by_one(const double *d, size_t n) {
        double sum = 0, count = 0;

        for (size_t k = 0; k < n; k++)
                sum += d[k];
        for (unsigned signs = 0; signs < 1u << n; signs++) {
                double other = 0;

                for (size_t k = 0; k < n; k++)
                        other += signs & 1u << k ? d[k] : -d[k];
                count += fabs(other) >= fabs(sum) - 1e-9;
        }
        return count / (1u << n);
}

START_TEST(exact_p) {
        enum { N_TIES = 9 };
        static const double ties[N_TIES] = { 1, 1, 1, -1, 1, 1, 2, 1, -2 };

        seed(1);
        for (size_t n = 1; n <= 14; n++)
                for (int round = 0; round < 5; round++) {
                        double d[14];

                        for (size_t k = 0; k < n; k++)
                                d[k] = 0.4 + gaussian();
                        ck_assert_double_eq_tol(trial_p(d, n), p_one_by_one(d, n), 1e-12);
                }
        ck_assert_double_eq_tol(trial_p(ties, N_TIES), p_one_by_one(ties, N_TIES), 1e-12);
        ck_assert_double_eq(trial_p(ties, 0), 1);
        ck_assert_double_eq(trial_p((const double[]) { 0, 0, 0 }, 3), 1);
        ck_assert_double_eq_tol(trial_p((const double[]) { 1, 1, 1, 1, 1 }, 5), 2 / 32.0, 1e-15);
}
END_TEST

START_TEST(forty_blocks) {
        double d[TRIAL_BLOCKS_MAX];

        for (size_t k = 0; k < TRIAL_BLOCKS_MAX; k++)
                d[k] = 1 + (double) k / 100;
        ck_assert_double_eq_tol(trial_p(d, TRIAL_BLOCKS_MAX) * pow(2, TRIAL_BLOCKS_MAX), 2, 1e-3);
}
END_TEST

START_TEST(looks) {
        ck_assert_uint_eq(trial_look_blocks(20, 0), 5);
        ck_assert_uint_eq(trial_look_blocks(20, 3), 20);
        ck_assert_uint_eq(trial_look_blocks(10, 0), 3);
        ck_assert_uint_eq(trial_look_blocks(10, 1), 5);
        ck_assert_uint_eq(trial_look_blocks(10, 2), 8);
        ck_assert_uint_eq(trial_look_blocks(10, 3), 10);
        ck_assert_int_eq(trial_look_due(20, 15), 2);
        ck_assert_int_eq(trial_look_due(20, 14), -1);
        ck_assert_int_eq(trial_look_due(20, 0), -1);
}
END_TEST

static TrialState state_of(const double *d, unsigned n, unsigned planned) {
        TrialBlock blocks[TRIAL_BLOCKS_MAX];

        for (unsigned k = 0; k < n; k++)
                blocks[k] = (TrialBlock) { .d = d[k] };
        return trial_state(planned, blocks, n);
}

/* Over all ways the coins can fall, given the sizes: at most 5 % of experiments claim what is not there. */
START_TEST(coins_alone_claim_little) {
        enum { BLOCKS = 12 };
        double sizes[BLOCKS];
        unsigned claims = 0;

        seed(2);
        for (unsigned k = 0; k < BLOCKS; k++)
                sizes[k] = fabs(gaussian());
        for (unsigned signs = 0; signs < 1u << BLOCKS; signs++) {
                double d[BLOCKS];
                TrialAnswer answer;

                for (unsigned k = 0; k < BLOCKS; k++)
                        d[k] = signs & 1u << k ? sizes[k] : -sizes[k];
                answer = state_of(d, BLOCKS, BLOCKS).answer;
                claims += answer == TRIAL_MORE || answer == TRIAL_LESS;
        }
        ck_assert_double_le(claims, 0.055 * (1u << BLOCKS));
        ck_assert_double_ge(claims, 0.035 * (1u << BLOCKS));
}
END_TEST

START_TEST(nothing_shows_between_looks) {
        double d[20];
        TrialState s;

        for (unsigned k = 0; k < 20; k++)
                d[k] = 1 + 0.01 * k;
        s = state_of(d, 4, 20);
        ck_assert_int_eq(s.answer, TRIAL_RUNNING);
        ck_assert_int_eq(s.look, -1);
        ck_assert_double_nan(s.interval.ratio);
        s = state_of(d, 9, 20);
        ck_assert_int_eq(s.look, 0);
        ck_assert_uint_eq(s.blocks, 9);
        ck_assert_double_eq_tol(s.interval.ratio, exp(1.02), 1e-9);
        ck_assert(s.interval.low == 0 && isinf(s.interval.high));
        s = state_of(d, 20, 20);
        ck_assert_int_eq(s.answer, TRIAL_MORE);
        ck_assert_int_eq(s.look, 1);
        ck_assert_uint_eq(s.blocks, 10);
        for (unsigned k = 0; k < 20; k++)
                d[k] = -d[k];
        ck_assert_int_eq(state_of(d, 20, 20).answer, TRIAL_LESS);
        for (unsigned k = 0; k < 20; k++)
                d[k] = k % 2 ? d[k] : -d[k];
        ck_assert_int_eq(state_of(d, 20, 20).answer, TRIAL_NOTHING_FOUND);
}
END_TEST

START_TEST(voided_blocks) {
        TrialBlock blocks[20];
        TrialState s;

        for (unsigned k = 0; k < 20; k++)
                blocks[k] = (TrialBlock) { .d = 1 + 0.01 * k, .voided = k % 4 == 1 };
        s = trial_state(20, blocks, 20);
        ck_assert_int_eq(s.answer, TRIAL_VOID);
        ck_assert_uint_eq(s.voided, 5);
        for (unsigned k = 0; k < 20; k++)
                blocks[k].voided = k == 3;
        s = trial_state(20, blocks, 20);
        ck_assert_int_eq(s.answer, TRIAL_MORE);
        ck_assert_uint_eq(s.voided, 1);
}
END_TEST

START_TEST(interval_is_the_test_turned_round) {
        seed(4);
        for (size_t n = 8; n <= 20; n += 4) {
                double d[20], p = 0.0430;
                TrialInterval in;

                for (size_t k = 0; k < n; k++)
                        d[k] = 0.5 + gaussian();
                in = trial_interval(d, n, p);
                for (int side = 0; side < 2; side++)
                        for (int inside = 0; inside < 2; inside++) {
                                double shift = log(side ? in.high : in.low), shifted[20];

                                shift += (side == inside ? -1 : 1) * 1e-6;
                                for (size_t k = 0; k < n; k++)
                                        shifted[k] = d[k] - shift;
                                ck_assert(inside ? trial_p(shifted, n) > p : trial_p(shifted, n) <= p);
                        }
        }
}
END_TEST

SUITE("stats-trial", exact_p, forty_blocks, looks, coins_alone_claim_little, nothing_shows_between_looks,
      voided_blocks, interval_is_the_test_turned_round)
