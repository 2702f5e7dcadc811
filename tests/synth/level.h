/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Noise that grows and shrinks: its level goes between 1 and a largest factor within minutes, and rests between. */
#pragma once

#include "prng.h"

typedef struct SynthLevel {
        Prng prng;
        double rate_hz;
        double log_max, log_now, slope; /* per sample */
        unsigned left;                  /* samples of this leg */
        bool moving;
} SynthLevel;

void synth_level_init(SynthLevel *l, uint64_t seed, unsigned channel, double rate_hz, double factor_max);
double synth_level_next(SynthLevel *l);         /* factor on the noise */
