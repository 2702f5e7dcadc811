/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tail.c: does the statistic exceed what it exceeds often more often than in Gaussian noise, and why? */
#pragma once

#include <stdbool.h>

typedef struct Tail {                   /* private to tail.c; means over pieces */
        double n;                       /* pieces behind them */
        double raised;                  /* pieces with a maximum that is not quite an event */
        double outliers, large, beside; /* values: far out, out, and beside one that is far out */
        double values;
} Tail;

void tail_restart(Tail *t);
/* A piece of noise, white and of that standard deviation. raised: see above. */
void tail_add(Tail *t, const float *white, unsigned n, float sigma, bool raised);
/* How often noise of a level whose logarithm has that variance exceeds what a Gaussian does once. */
double tail_excess(double variance, double level);
/* The variance that makes that excess. */
double tail_variance(double excess, double level);
/* By how much another level has to be higher, for noise to exceed it as often as a Gaussian the first. */
double tail_raise(double variance, double level);
/*
 * Of the level's logarithm, as the statistic tells: so much it would have to vary for maxima as frequent as
 * they are. expected: share of pieces with one in Gaussian noise; foreseen: what else is known of it.
 */
double tail_measured(const Tail *t, double expected, double level, double foreseen);
/* The same, without what may be chance; 0 to 1 of it, as the values far out are of noise. */
double tail_of_noise(const Tail *t, double expected, double level);
