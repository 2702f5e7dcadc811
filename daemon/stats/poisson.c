/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "poisson.h"

#define TERMS_MAX 100000

/* The regularised lower incomplete gamma function P(a, x): the probability of a or more at mean x */
static double gamma_p(double a, double x) {
        double front = exp(a * log(x) - x - lgamma(a));

        if (x <= 0)
                return 0;
        if (x < a + 1) {
                double term = 1 / a, sum = term;
                for (int i = 1; i < TERMS_MAX && term > sum * 1e-16; i++) {
                        term *= x / (a + i);
                        sum += term;
                }
                return sum * front;
        }
        double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;      /* Lentz's method */
        for (int i = 1; i < TERMS_MAX; i++) {
                double an = -i * (i - a);

                b += 2;
                d = 1 / (an * d + b);
                c = b + an / c;
                h *= c * d;
                if (fabs(c * d - 1) < 1e-15)
                        break;
        }
        return 1 - front * h;
}

/* The mean at which a or more have probability p */
static double mean_of(double a, double p) {
        double low = 0, high = a + 10 * sqrt(a) + 20;

        for (int i = 0; i < 100; i++) {
                double middle = (low + high) / 2;

                if (gamma_p(a, middle) < p)
                        low = middle;
                else
                        high = middle;
        }
        return (low + high) / 2;
}

PoissonInterval poisson_interval(uint64_t n, double confidence) {
        double tail = (1 - confidence) / 2;

        return (PoissonInterval) {
                .low = n == 0 ? 0 : mean_of((double) n, tail),
                .high = mean_of((double) n + 1, 1 - tail),
        };
}
