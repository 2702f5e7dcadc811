/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pseudo-random numbers that are the same on every machine.
 *
 * Generator: xoshiro256++ (Blackman & Vigna, "Scrambled linear pseudorandom number generators",
 * 2018), state filled by splitmix64. Every ingredient and every channel has its own stream, so that
 * switching one on or off leaves the others as they were.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Prng {
        uint64_t s[4];
        double spare;           /* the second of a pair of normal deviates */
        bool has_spare;
} Prng;

/* Ingredients that draw numbers. The values are part of what a seed means: only ever append. */
typedef enum PrngStream {
        PRNG_NOISE = 1,
        PRNG_MAINS,
        PRNG_UNITS,
        PRNG_FIBRES,
        PRNG_PROCESS,
        PRNG_ECG,
        PRNG_DRIFT,
        PRNG_LEVEL,
        PRNG_SCENE,
        PRNG_TEXTURE,
} PrngStream;

void prng_init(Prng *p, uint64_t seed, PrngStream stream, uint64_t index);

uint64_t prng_u64(Prng *p);
double prng_uniform(Prng *p);                           /* [0, 1) */
double prng_range(Prng *p, double lo, double hi);       /* [lo, hi) */
double prng_log_range(Prng *p, double lo, double hi);   /* uniform in the logarithm; lo > 0 */
double prng_exponential(Prng *p, double mean);
double prng_normal(Prng *p);                            /* mean 0, variance 1 */
unsigned prng_below(Prng *p, unsigned n);               /* 0 .. n-1; n > 0 */
