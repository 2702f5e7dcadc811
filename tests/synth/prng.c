/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "prng.h"

static uint64_t rotate_left(uint64_t x, int n) {
        return (x << n) | (x >> (64 - n));
}

/* One step of splitmix64: a counter behind a mixing function. */
static uint64_t splitmix(uint64_t *counter) {
        uint64_t z = (*counter += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

void prng_init(Prng *p, uint64_t seed, PrngStream stream, uint64_t index) {
        /* Mixed one after the other, so that (seed, index) and (index, seed) are different streams. */
        uint64_t counter = seed;
        counter = splitmix(&counter) ^ (uint64_t) stream;
        counter = splitmix(&counter) ^ index;

        *p = (Prng) {};
        for (unsigned i = 0; i < 4; i++)
                p->s[i] = splitmix(&counter);
}

uint64_t prng_u64(Prng *p) {
        uint64_t *s = p->s, result = rotate_left(s[0] + s[3], 23) + s[0], t = s[1] << 17;

        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = rotate_left(s[3], 45);
        return result;
}

double prng_uniform(Prng *p) {
        return (double) (prng_u64(p) >> 11) * 0x1p-53;
}

double prng_range(Prng *p, double lo, double hi) {
        return lo + (hi - lo) * prng_uniform(p);
}

double prng_log_range(Prng *p, double lo, double hi) {
        return lo * pow(hi / lo, prng_uniform(p));
}

double prng_exponential(Prng *p, double mean) {
        return -mean * log(1 - prng_uniform(p));
}

/*
 * Marsaglia's polar method. Its tails are right as far as doubles reach, which sums of uniform
 * numbers are not: false alarms at 5 sigma are what the noise is for.
 */
double prng_normal(Prng *p) {
        if (p->has_spare) {
                p->has_spare = false;
                return p->spare;
        }

        double u, v, q;
        do {
                u = 2 * prng_uniform(p) - 1;
                v = 2 * prng_uniform(p) - 1;
                q = u * u + v * v;
        } while (q >= 1 || q == 0);

        double f = sqrt(-2 * log(q) / q);
        p->spare = v * f;
        p->has_spare = true;
        return u * f;
}

unsigned prng_below(Prng *p, unsigned n) {
        return (unsigned) (prng_uniform(p) * n);
}
