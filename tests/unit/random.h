/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random numbers for tests: the same ones on every machine. */
#pragma once

#include <math.h>
#include <stdint.h>

static uint64_t random_state;

static inline void seed(uint64_t s) {
        random_state = s * 2654435761u + 1;
}

static inline double uniform(void) {    /* xorshift64*, Vigna 2016; 0 < u < 1 */
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        return ((double) ((random_state * UINT64_C(2685821657736338717)) >> 11) + 0.5) / 9007199254740992.0;
}

static inline double gaussian(void) {   /* Box-Muller */
        double r = sqrt(-2 * log(uniform()));

        return r * cos(2 * M_PI * uniform());
}
