/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "level.h"

#define MOVE_MIN_S 60
#define MOVE_MAX_S 180
#define REST_MIN_S 10
#define REST_MAX_S 60

void synth_level_init(SynthLevel *l, uint64_t seed, unsigned channel, double rate_hz, double factor_max) {
        *l = (SynthLevel) { .rate_hz = rate_hz, .log_max = log(factor_max) };
        prng_init(&l->prng, seed, PRNG_LEVEL, channel);
}

/* Straight in the logarithm, from one end to the other. */
static void next_leg(SynthLevel *l) {
        l->moving = !l->moving;
        if (!l->moving) {
                l->slope = 0;
                l->left = (unsigned) (l->rate_hz * prng_range(&l->prng, REST_MIN_S, REST_MAX_S));
                return;
        }
        l->left = (unsigned) (l->rate_hz * prng_range(&l->prng, MOVE_MIN_S, MOVE_MAX_S));
        l->slope = (l->log_now > l->log_max / 2 ? -l->log_now : l->log_max - l->log_now) / l->left;
}

double synth_level_next(SynthLevel *l) {
        if (l->left == 0)
                next_leg(l);
        l->left--;
        l->log_now += l->slope;
        return exp(l->log_now);
}
