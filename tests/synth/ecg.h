/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heart as electrodes on a limb or the trunk pick it up: P, Q, R, S and T as Gaussians (after McSharry,
 * Clifford, Tarassenko & Smith, IEEE Trans Biomed Eng 2003;50:289), a rhythm that breathes. The beats are the same
 * for all channels, size, sign and shape are each channel's own.
 *
 * And what hearts of people at home do besides, if asked for: beats that come too early, from a ventricle (broad, without
 * a P wave, the T wave the other way, a pause after), beats that do not come, a pace that changes or is none, a pacemaker, and the
 * size of beats that goes up and down with the breath, as the heart lies otherwise to the electrodes.
 */
#pragma once

#include <stdbool.h>

#include "prng.h"

#define ECG_WAVES 5u                    /* P, Q, R, S, T */
#define ECG_PREMATURE_WAVES 3u          /* R, S, T of a premature beat */
#define ECG_ALL_WAVES (ECG_WAVES + ECG_PREMATURE_WAVES + 1u)    /* and the pacemaker's spike */
#define ECG_BEATS 3u                    /* that overlap or come next */

typedef struct EcgRhythm {
        double premature;               /* share of beats */
        double dropped;                 /* share of beats */
        double uneven;                  /* standard deviation of the period, to it: 0.2 when the atria fibrillate; 0: as usual */
        double period_s, change_s;      /* the period becomes this one, evenly in so long; 0: it stays */
        bool paced;
        double breathes;                /* by so much of their size at most, on average over channels */
} EcgRhythm;

typedef struct SynthEcgChannel {
        double uv[ECG_ALL_WAVES];
        double breathes;                /* of that of others, some the other way */
} SynthEcgChannel;

typedef struct SynthEcgBeat {
        double at_s;                    /* R wave */
        bool premature;
        double qt;                      /* of the time from R to T, to the usual one */
} SynthEcgBeat;

typedef struct SynthEcg {
        Prng prng, rhythm_prng;
        EcgRhythm rhythm;
        double rate_hz;
        double places_s[ECG_ALL_WAVES], widths_s[ECG_ALL_WAVES];        /* R; standard deviation */
        double period_s;                /* mean between beats, at first */
        double now_s;
        double breath;                  /* phase, radians */
        SynthEcgBeat beats[ECG_BEATS];  /* around now, ascending */
        double waves[ECG_ALL_WAVES];    /* now */
} SynthEcg;

void synth_ecg_init(SynthEcg *e, uint64_t seed, double rate_hz);
void synth_ecg_set_rhythm(SynthEcg *e, uint64_t seed, const EcgRhythm *rhythm); /* before the first frame */

void synth_ecg_draw_shape(SynthEcg *e, uint64_t seed);     /* instead of the usual one; before the first frame */
void synth_ecg_draw_channel(const SynthEcg *e, SynthEcgChannel *c, uint64_t seed, unsigned channel, double uv);

/* amplitude_uv: of the R wave, on average over channels. */
void synth_ecg_init_channel(SynthEcgChannel *c, uint64_t seed, unsigned channel, double amplitude_uv);

void synth_ecg_next(SynthEcg *e);                                       /* once a frame */
double synth_ecg_value(const SynthEcg *e, const SynthEcgChannel *c);    /* then, for each channel */
