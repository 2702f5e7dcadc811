/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Background noise of one electrode pair: white plus 1/f, Gaussian. The power density is
 * proportional to 1 + corner/f down to 0.2 Hz.
 */
#pragma once

#include "prng.h"

#define NOISE_SECTIONS_MAX 8u
#define NOISE_CORNER_HZ_MAX 500.0

typedef struct SynthNoiseSection {
        double pole, zero;
        double in, out;
} SynthNoiseSection;

typedef struct SynthNoise {
        Prng prng;
        double gain;
        unsigned n_sections;
        SynthNoiseSection sections[NOISE_SECTIONS_MAX];
} SynthNoise;

/* rms_uv counts in the band (band.h). A corner of 0 Hz makes white noise. */
void synth_noise_init(SynthNoise *n, uint64_t seed, unsigned channel, double rate_hz, double rms_uv, double corner_hz);
double synth_noise_next(SynthNoise *n);
