/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hum: mains frequency and three harmonics. The frequency wanders slowly by up to 0.2 Hz and is the
 * same in all channels; strength and phase are each channel's own.
 */
#pragma once

#include "prng.h"

#define MAINS_HARMONICS 4u              /* with the fundamental */

typedef struct SynthMainsChannel {
        double re[MAINS_HARMONICS], im[MAINS_HARMONICS];
} SynthMainsChannel;

typedef struct SynthMains {
        Prng prng;
        double rate_hz, nominal_hz;
        unsigned n_harmonics;           /* those the rate can carry */
        double deviation_hz;            /* of the frequency, now */
        double phase;
        unsigned until_wander;          /* samples */
        double slope_hz;                /* change of the deviation per sample */
        double re[MAINS_HARMONICS], im[MAINS_HARMONICS];
} SynthMains;

void synth_mains_init(SynthMains *m, uint64_t seed, double rate_hz, double mains_hz);

/* amplitude_uv: peak of the fundamental, on average over channels. */
void synth_mains_init_channel(SynthMainsChannel *c, uint64_t seed, unsigned channel, double amplitude_uv);

void synth_mains_next(SynthMains *m);                                      /* once a frame */
double synth_mains_value(const SynthMains *m, const SynthMainsChannel *c);      /* then, for each channel */
