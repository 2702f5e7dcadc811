/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Quantiles: of the distributions that the intervals of this room need, and of numbers that were measured.
 *
 * p is a probability, 0 < p < 1. The incomplete beta function is the continued fraction of DLMF 8.17.22
 * (https://dlmf.nist.gov/8.17.E22); its inverse is found by halving.
 */
#pragma once

#include <stddef.h>

double stats_normal_quantile(double p);
double stats_t_quantile(double p, double dof);                  /* Student's; dof > 0 */
double stats_beta_quantile(double p, double a, double b);       /* a, b > 0 */

/* Of n numbers in rising order, between which it interpolates ("type 7" of Hyndman & Fan 1996, as NumPy and
 * R do it by default). NAN of none. */
double stats_quantile(const double *sorted, size_t n, double p);
void stats_sort(double *x, size_t n);

/*
 * k of n: the share, and the interval of Clopper & Pearson (Biometrika 1934;26:404), which holds with at
 * least that confidence whatever the share is. n 0: 0 to 1, share NAN.
 */
typedef struct StatsShare {
        double share, low, high;
} StatsShare;

StatsShare stats_share(double k, double n, double confidence);
