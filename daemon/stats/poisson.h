/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The exact interval of a number that was counted (Garwood, Biometrika 1936;28:437): the smallest and the largest mean
 * of a Poisson distribution that n would not be surprising for. The incomplete gamma function is the series and the
 * continued fraction of DLMF 8.7.1 and 8.9.2 (https://dlmf.nist.gov/8.9); its inverse is found by halving.
 */
#pragma once

#include <stdint.h>

typedef struct PoissonInterval {
        double low, high;
} PoissonInterval;

PoissonInterval poisson_interval(uint64_t n, double confidence);
