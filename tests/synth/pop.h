/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A spark or a switch: one to three samples. */
#pragma once

#include "prng.h"

#define POP_SAMPLES_MAX 3u

typedef struct SynthPop {
        double at_s;
        unsigned n_samples;
        double uv[POP_SAMPLES_MAX];
} SynthPop;

void synth_pop_draw(SynthPop *pop, Prng *p, double at_s);
double synth_pop_value(const SynthPop *pop, double t_s, double rate_hz);
