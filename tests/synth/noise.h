/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Background noise of one electrode pair: white plus 1/f, Gaussian. The power density is
 * proportional to 1 + corner/f down to 0.2 Hz.
 */
#pragma once

#include "prng.h"

#define NOISE_SECTIONS_MAX 8u
#define NOISE_CORNER_HZ_MAX 500.0

typedef struct NoiseSection {
        double pole, zero;
        double in, out;
} NoiseSection;

typedef struct Noise {
        Prng prng;
        double gain;
        unsigned n_sections;
        NoiseSection sections[NOISE_SECTIONS_MAX];
} Noise;

/* rms_uv counts in the band (band.h). A corner of 0 Hz makes white noise. */
void noise_init(Noise *n, uint64_t seed, unsigned channel, double rate_hz, double rms_uv, double corner_hz);
double noise_next(Noise *n);
