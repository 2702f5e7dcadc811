/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quantiles, at values that are known exactly; tests/unit/stats-oracle holds them against SciPy. */
#include <math.h>

#include "stats/quantiles.h"
#include "suite.h"
#include "util.h"

START_TEST(normal) {
        ck_assert_double_eq_tol(stats_normal_quantile(0.5), 0, 1e-12);
        ck_assert_double_eq_tol(stats_normal_quantile(0.975), 1.959963984540054, 1e-11);
        ck_assert_double_eq_tol(stats_normal_quantile(0.025), -1.959963984540054, 1e-11);
}
END_TEST

START_TEST(student) {
        /* one degree of freedom: Cauchy's; two: t = (2 p - 1) / sqrt(2 p (1 - p)) */
        for (double p = 0.01; p < 1; p += 0.07) {
                double cauchy = tan(M_PI * (p - 0.5));

                ck_assert_double_eq_tol(stats_t_quantile(p, 1), cauchy, 1e-8 * fabs(cauchy) + 1e-9);
                ck_assert_double_eq_tol(stats_t_quantile(p, 2), (2 * p - 1) / sqrt(2 * p * (1 - p)), 1e-9);
        }
        ck_assert_double_eq_tol(stats_t_quantile(0.975, 1e7), 1.959964, 1e-5);
}
END_TEST

START_TEST(beta) {
        for (double p = 0.01; p < 1; p += 0.07) {
                ck_assert_double_eq_tol(stats_beta_quantile(p, 1, 1), p, 1e-12);
                ck_assert_double_eq_tol(stats_beta_quantile(p, 5, 1), pow(p, 0.2), 1e-12);
                ck_assert_double_eq_tol(stats_beta_quantile(p, 1, 5), 1 - pow(1 - p, 0.2), 1e-12);
        }
}
END_TEST

START_TEST(of_numbers) {
        double x[] = { 5, 1, 4, 2, 3 };

        stats_sort(x, ELEMENTSOF(x));
        ck_assert_double_eq(x[0], 1);
        ck_assert_double_eq(x[4], 5);
        ck_assert_double_eq(stats_quantile(x, 5, 0.5), 3);
        ck_assert_double_eq(stats_quantile(x, 5, 0.25), 2);
        ck_assert_double_eq(stats_quantile(x, 4, 0.5), 2.5);
        ck_assert_double_eq(stats_quantile(x, 1, 0.75), 1);
        ck_assert_double_nan(stats_quantile(x, 0, 0.5));
        stats_sort(NULL, 0);
}
END_TEST

/* P(at most k of n), share q, by summing */
static double binomial_below(unsigned k, unsigned n, double q) {
        double sum = 0;

        for (unsigned i = 0; i <= k; i++)
                sum += exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) +
                           i * log(q) + (n - i) * log1p(-q));
        return sum;
}

START_TEST(shares) {
        StatsShare s = stats_share(3, 20, 0.95);

        ck_assert_double_eq(s.share, 0.15);
        /* at either limit, as many or more (fewer) have a probability of 2.5 % */
        ck_assert_double_eq_tol(1 - binomial_below(2, 20, s.low), 0.025, 1e-9);
        ck_assert_double_eq_tol(binomial_below(3, 20, s.high), 0.025, 1e-9);
        s = stats_share(0, 10, 0.95);
        ck_assert_double_eq(s.low, 0);
        ck_assert_double_eq_tol(s.high, 1 - pow(0.025, 0.1), 1e-9);
        s = stats_share(10, 10, 0.95);
        ck_assert_double_eq(s.high, 1);
        s = stats_share(0, 0, 0.95);
        ck_assert_double_nan(s.share);
        ck_assert(s.low == 0 && s.high == 1);
}
END_TEST

SUITE("stats-quantiles", normal, student, beta, of_numbers, shares)
