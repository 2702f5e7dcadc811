/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "ecg.h"

#define PERIOD_MIN_S 0.7
#define PERIOD_MAX_S 1.05
#define JITTER 0.02                     /* of the period, standard deviation */
#define BREATH_DEPTH 0.04               /* of the period, sinus arrhythmia */
#define BREATH_PERIOD_S 4.2
#define REACH 6.0                       /* standard deviations of a wave that are drawn */

/* P, Q, R, S, T: place relative to R, width (standard deviation), height relative to R. */
static const double places_s[ECG_WAVES] = { -0.16, -0.027, 0, 0.027, 0.26 };
static const double widths_s[ECG_WAVES] = { 0.022, 0.009, 0.010, 0.009, 0.045 };
static const double heights[ECG_WAVES] = { 0.12, -0.12, 1, -0.25, 0.28 };

static double draw_period(SynthEcg *e) {
        e->breath += 2 * M_PI * e->period_s / BREATH_PERIOD_S;
        return e->period_s * (1 + BREATH_DEPTH * sin(e->breath) + JITTER * fmax(-3, fmin(3, prng_normal(&e->prng))));
}

void synth_ecg_init(SynthEcg *e, uint64_t seed, double rate_hz) {
        *e = (SynthEcg) { .rate_hz = rate_hz };
        prng_init(&e->prng, seed, PRNG_ECG, UINT64_MAX);
        e->period_s = prng_range(&e->prng, PERIOD_MIN_S, PERIOD_MAX_S);
        e->beats_s[0] = -e->period_s * prng_uniform(&e->prng);
        for (unsigned i = 1; i < ECG_BEATS; i++)
                e->beats_s[i] = e->beats_s[i - 1] + draw_period(e);
}

void synth_ecg_init_channel(SynthEcgChannel *c, uint64_t seed, unsigned channel, double amplitude_uv) {
        Prng prng;

        prng_init(&prng, seed, PRNG_ECG, channel);
        double size = amplitude_uv * prng_range(&prng, 0.6, 1.4) * (prng_below(&prng, 2) ? 1 : -1);
        for (unsigned i = 0; i < ECG_WAVES; i++)
                c->uv[i] = size * heights[i] * (heights[i] == 1 ? 1 : prng_range(&prng, 0.5, 1.5));
}

void synth_ecg_next(SynthEcg *e) {
        /* The first beat is over when its T wave is. */
        while (e->now_s - e->beats_s[0] > places_s[4] + REACH * widths_s[4]) {
                for (unsigned i = 1; i < ECG_BEATS; i++)
                        e->beats_s[i - 1] = e->beats_s[i];
                e->beats_s[ECG_BEATS - 1] += draw_period(e);
        }
        for (unsigned w = 0; w < ECG_WAVES; w++) {
                e->waves[w] = 0;
                for (unsigned i = 0; i < ECG_BEATS; i++) {
                        double u = (e->now_s - e->beats_s[i] - places_s[w]) / widths_s[w];

                        if (fabs(u) < REACH)
                                e->waves[w] += exp(-u * u / 2);
                }
        }
        e->now_s += 1 / e->rate_hz;
}

double synth_ecg_value(const SynthEcg *e, const SynthEcgChannel *c) {
        double sum = 0;

        for (unsigned w = 0; w < ECG_WAVES; w++)
                sum += c->uv[w] * e->waves[w];
        return sum;
}
