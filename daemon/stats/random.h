/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random numbers for looking ahead ("about N more pairs"): the same on every machine and at every call, so
 * that a screen looked at twice says the same. Never for coins: those are drawn by the caller from
 * getrandom().
 *
 * Generator: splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
 */
#pragma once

#include <stdint.h>

typedef struct StatsRandom {
        uint64_t state;
} StatsRandom;

double stats_random_uniform(StatsRandom *r);            /* 0 < u < 1 */
double stats_random_normal(StatsRandom *r);             /* mean 0, variance 1 */
