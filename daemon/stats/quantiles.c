/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "quantiles.h"

#define HALVINGS 200
#define FRACTION_STEPS 10000

double stats_normal_quantile(double p) {
        double low = -40, high = 40;

        for (int i = 0; i < HALVINGS && high - low > 1e-13; i++) {
                double middle = (low + high) / 2;

                if (0.5 * erfc(-middle * M_SQRT1_2) < p)
                        low = middle;
                else
                        high = middle;
        }
        return (low + high) / 2;
}

/* The continued fraction, by the modified method of Lentz; converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b) {
        const double tiny = 1e-300;
        double c = 1, d = 1 - (a + b) * x / (a + 1), f;

        d = 1 / (fabs(d) < tiny ? tiny : d);
        f = d;
        for (int m = 1; m < FRACTION_STEPS; m++) {
                double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
                double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

                d = 1 + even * d;
                d = 1 / (fabs(d) < tiny ? tiny : d);
                c = 1 + even / c;
                c = fabs(c) < tiny ? tiny : c;
                f *= d * c;
                d = 1 + odd * d;
                d = 1 / (fabs(d) < tiny ? tiny : d);
                c = 1 + odd / c;
                c = fabs(c) < tiny ? tiny : c;
                f *= d * c;
                if (fabs(d * c - 1) < 1e-15)
                        break;
        }
        return f;
}

static double log_gamma(double x) {
        int sign;

        return lgamma_r(x, &sign);
}

/* Regularised */
static double beta_incomplete(double x, double a, double b) {
        double front;

        if (x <= 0 || x >= 1)
                return x <= 0 ? 0 : 1;
        front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
        return x < (a + 1) / (a + b + 2) ? front * beta_fraction(x, a, b) / a :
                        1 - front * beta_fraction(1 - x, b, a) / b;
}

double stats_beta_quantile(double p, double a, double b) {
        double low = 0, high = 1;

        for (int i = 0; i < HALVINGS && high - low > 1e-15 * high; i++) {
                double middle = (low + high) / 2;

                if (beta_incomplete(middle, a, b) < p)
                        low = middle;
                else
                        high = middle;
        }
        return (low + high) / 2;
}

/* 1 - t^2 / (dof + t^2) has a beta distribution. */
double stats_t_quantile(double p, double dof) {
        double x;

        if (p == 0.5)
                return 0;
        x = stats_beta_quantile(2 * (p < 0.5 ? p : 1 - p), dof / 2, 0.5);
        return (p < 0.5 ? -1 : 1) * sqrt(dof * (1 - x) / x);
}

double stats_quantile(const double *sorted, size_t n, double p) {
        double at;
        size_t k;

        if (n == 0)
                return NAN;
        at = p * (double) (n - 1);
        k = (size_t) at;
        return k + 1 >= n ? sorted[n - 1] : sorted[k] + (at - (double) k) * (sorted[k + 1] - sorted[k]);
}

static int compare(const void *a, const void *b) {
        double x = *(const double*) a, y = *(const double*) b;

        return (x > y) - (x < y);
}

void stats_sort(double *x, size_t n) {
        if (n > 1)
                qsort(x, n, sizeof(*x), compare);
}

StatsShare stats_share(double k, double n, double confidence) {
        double tail = (1 - confidence) / 2;

        if (!(n > 0))
                return (StatsShare) { .share = NAN, .low = 0, .high = 1 };
        return (StatsShare) {
                .share = k / n,
                .low = k > 0 ? stats_beta_quantile(tail, k, n - k + 1) : 0,
                .high = k < n ? stats_beta_quantile(1 - tail, k + 1, n - k) : 1,
        };
}
