/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heart as electrodes on a limb or the trunk pick it up: P, Q, R, S and T as Gaussians (after McSharry,
 * Clifford, Tarassenko & Smith, IEEE Trans Biomed Eng 2003;50:289), a rhythm that breathes. The beats are the same
 * for all channels, size, sign and shape are each channel's own.
 */
#pragma once

#include "prng.h"

#define ECG_WAVES 5u
#define ECG_BEATS 3u                    /* that overlap or come next */

typedef struct SynthEcgChannel {
        double uv[ECG_WAVES];
} SynthEcgChannel;

typedef struct SynthEcg {
        Prng prng;
        double rate_hz;
        double period_s;                /* mean between beats */
        double now_s;
        double breath;                  /* phase, radians */
        double beats_s[ECG_BEATS];      /* R waves around now, ascending */
        double waves[ECG_WAVES];        /* now */
} SynthEcg;

void synth_ecg_init(SynthEcg *e, uint64_t seed, double rate_hz);

/* amplitude_uv: of the R wave, on average over channels. */
void synth_ecg_init_channel(SynthEcgChannel *c, uint64_t seed, unsigned channel, double amplitude_uv);

void synth_ecg_next(SynthEcg *e);                                       /* once a frame */
double synth_ecg_value(const SynthEcg *e, const SynthEcgChannel *c);    /* then, for each channel */
