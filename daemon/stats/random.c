/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "random.h"

double stats_random_uniform(StatsRandom *r) {
        uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        return ((double) (z >> 11) + 0.5) / 9007199254740992.0;
}

double stats_random_normal(StatsRandom *r) {    /* Box & Muller 1958 */
        double radius = sqrt(-2 * log(stats_random_uniform(r)));

        return radius * cos(2 * M_PI * stats_random_uniform(r));
}
