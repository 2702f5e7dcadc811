/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an electrode does by itself: an offset of millivolts between the two metals, which wanders slowly,
 * and breathing. All below a few hertz.
 */
#pragma once

#include "prng.h"

typedef struct SynthDrift {
        Prng prng;
        double rate_hz;
        double offset_uv;
        double target_uv, wander_uv;    /* a random walk that is pulled back, and it smoothed */
        double walk_uv;                 /* standard deviation of the walk */
        double breath, breath_uv, breath_hz;
} SynthDrift;

/* wander_uv: standard deviation of the slow wandering. */
void synth_drift_init(SynthDrift *d, uint64_t seed, unsigned channel, double rate_hz, double wander_uv);
double synth_drift_next(SynthDrift *d);
