/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hum: mains frequency and three harmonics. The frequency wanders slowly by up to 0.2 Hz and is the
 * same in all channels; strength and phase are each channel's own.
 */
#pragma once

#include "prng.h"

#define MAINS_HARMONICS 4u              /* with the fundamental */

typedef struct MainsChannel {
        double re[MAINS_HARMONICS], im[MAINS_HARMONICS];
} MainsChannel;

typedef struct Mains {
        Prng prng;
        double rate_hz, nominal_hz;
        unsigned n_harmonics;           /* those the rate can carry */
        double deviation_hz;            /* of the frequency, now */
        double phase;
        unsigned until_wander;          /* samples */
        double slope_hz;                /* change of the deviation per sample */
        double re[MAINS_HARMONICS], im[MAINS_HARMONICS];
} Mains;

void mains_init(Mains *m, uint64_t seed, double rate_hz, double mains_hz);

/* amplitude_uv: peak of the fundamental, on average over channels. */
void mains_init_channel(MainsChannel *c, uint64_t seed, unsigned channel, double amplitude_uv);

void mains_next(Mains *m);                                      /* once a frame */
double mains_value(const Mains *m, const MainsChannel *c);      /* then, for each channel */
