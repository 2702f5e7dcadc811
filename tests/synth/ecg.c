/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "ecg.h"

#define PERIOD_MIN_S 0.7
#define PERIOD_MAX_S 1.05
#define JITTER 0.02                     /* of the period, standard deviation */
#define BREATH_DEPTH 0.04               /* of the period, sinus arrhythmia */
#define BREATH_PERIOD_S 4.2
#define REACH 6.0                       /* standard deviations of a wave that are drawn */
#define PREMATURE_AT 0.6                /* of the period; what is missing comes on top of the next */
#define OTHER_NUMBERS UINT64_C(0x10000000)      /* of channels: sequences of their own for what is asked for */
#define SPIKE_FRAMES 0.5                /* of 0.4 ms, after the converter's filter: standard deviation */

#define P_WAVE 0u
#define R_WAVE 2u
#define T_WAVE (ECG_WAVES - 1)
#define FIRST_PREMATURE ECG_WAVES
#define SPIKE_WAVE (ECG_ALL_WAVES - 1)

/* P, Q, R, S, T: place relative to R, width (standard deviation), height relative to R. Then a premature beat; the spike. */
static const double places_s[ECG_ALL_WAVES] = { -0.16, -0.027, 0, 0.027, 0.26, 0, 0.07, 0.32, -0.06 };
static const double widths_s[ECG_ALL_WAVES] = { 0.022, 0.009, 0.010, 0.009, 0.045, 0.026, 0.026, 0.055, 0 };
static const double heights[ECG_ALL_WAVES] = { 0.12, -0.12, 1, -0.25, 0.28, 1.4, -0.6, -0.5, 1 };

/* By now, as the rhythm has it. */
static double period_s(const SynthEcg *e, double at_s) {
        if (e->rhythm.period_s <= 0)
                return e->period_s;
        return e->period_s + (e->rhythm.period_s - e->period_s) * fmin(at_s / e->rhythm.change_s, 1);
}

static double draw_period(SynthEcg *e, double mean_s) {
        e->breath += 2 * M_PI * mean_s / BREATH_PERIOD_S;
        double jitter = e->rhythm.uneven > 0 ? e->rhythm.uneven : JITTER;
        return mean_s * (1 + BREATH_DEPTH * sin(e->breath) + jitter * fmax(-3, fmin(3, prng_normal(&e->prng))));
}

/* The one after another. */
static SynthEcgBeat draw_beat(SynthEcg *e, const SynthEcgBeat *last) {
        double mean_s = period_s(e, last->at_s), wait_s = draw_period(e, mean_s);
        SynthEcgBeat beat = { .qt = sqrt(mean_s / e->period_s) };       /* Bazett 1920 */

        if (last->premature)
                wait_s *= 2 - PREMATURE_AT;
        else if (e->rhythm.premature + e->rhythm.dropped > 0) {
                double chance = prng_uniform(&e->rhythm_prng);

                beat.premature = chance < e->rhythm.premature;
                wait_s *= beat.premature ? PREMATURE_AT : chance < e->rhythm.premature + e->rhythm.dropped ? 2 : 1;
        }
        beat.at_s = last->at_s + wait_s;
        return beat;
}

void synth_ecg_init(SynthEcg *e, uint64_t seed, double rate_hz) {
        *e = (SynthEcg) { .rate_hz = rate_hz };
        memcpy(e->places_s, places_s, sizeof e->places_s);
        memcpy(e->widths_s, widths_s, sizeof e->widths_s);
        prng_init(&e->prng, seed, PRNG_ECG, UINT64_MAX);
        e->period_s = prng_range(&e->prng, PERIOD_MIN_S, PERIOD_MAX_S);
        e->beats[0] = (SynthEcgBeat) { .at_s = -e->period_s * prng_uniform(&e->prng), .qt = 1 };
        for (unsigned i = 1; i < ECG_BEATS; i++)
                e->beats[i] = draw_beat(e, e->beats + i - 1);
}

void synth_ecg_set_rhythm(SynthEcg *e, uint64_t seed, const EcgRhythm *rhythm) {
        e->rhythm = *rhythm;
        prng_init(&e->rhythm_prng, seed, PRNG_ECG, UINT64_MAX - 1);
}

void synth_ecg_init_channel(SynthEcgChannel *c, uint64_t seed, unsigned channel, double amplitude_uv) {
        Prng prng;

        prng_init(&prng, seed, PRNG_ECG, channel);
        double size = amplitude_uv * prng_range(&prng, 0.6, 1.4) * (prng_below(&prng, 2) ? 1 : -1);
        for (unsigned i = 0; i < ECG_WAVES; i++)
                c->uv[i] = size * heights[i] * (heights[i] == 1 ? 1 : prng_range(&prng, 0.5, 1.5));
        /* Where it starts from is not where others do: each channel sees it otherwise than those. */
        prng_init(&prng, seed, PRNG_ECG, OTHER_NUMBERS + channel);
        double other = amplitude_uv * (prng_below(&prng, 2) ? 1 : -1);
        for (unsigned i = FIRST_PREMATURE; i < ECG_ALL_WAVES; i++)
                c->uv[i] = other * heights[i] * prng_range(&prng, 0.5, 1.5);
        c->breathes = prng_range(&prng, 0.5, 1.5) * (prng_below(&prng, 2) ? 1 : -1);
}

/*
 * A QRS of 60 to 140 ms, its waves as broad as that makes them, P and T waves anywhere between flat and broad: what hearts and the
 * block of a bundle branch make of it (Surawicz et al., J Am Coll Cardiol 2009;53:976).
 */
void synth_ecg_draw_shape(SynthEcg *e, uint64_t seed) {
        Prng prng;

        prng_init(&prng, seed, PRNG_ECG, UINT64_MAX - 2);
        double broad = prng_log_range(&prng, 0.65, 1.6);
        for (unsigned w = 0; w < ECG_WAVES; w++) {
                bool is_qrs = w != P_WAVE && w != T_WAVE;

                e->widths_s[w] *= (is_qrs ? broad : 1) * prng_range(&prng, 0.75, 1.3);
                e->places_s[w] *= (is_qrs ? broad : 1) * prng_range(&prng, 0.85, 1.15);
        }
}

/* Of such a heart one projection: any wave may be the largest, of any sign. uv: from peak to peak, not of the R wave alone. */
void synth_ecg_draw_channel(const SynthEcg *e, SynthEcgChannel *c, uint64_t seed, unsigned channel, double uv) {
        double low = 0, high = 0;
        Prng prng;

        synth_ecg_init_channel(c, seed, channel, 1);
        prng_init(&prng, seed, PRNG_ECG, OTHER_NUMBERS * 2 + channel);
        c->uv[P_WAVE] = prng_normal(&prng) * 0.12 * (e->rhythm.uneven > 0 ? 0 : 1);     /* fibrillating atria make none */
        c->uv[R_WAVE] = prng_range(&prng, 0.4, 1) * (prng_below(&prng, 2) ? 1 : -1);
        c->uv[R_WAVE - 1] = prng_normal(&prng) * 0.3;
        c->uv[R_WAVE + 1] = prng_normal(&prng) * 0.5;
        c->uv[T_WAVE] = prng_normal(&prng) * 0.25;
        for (double t_s = -0.3; t_s < 0.6; t_s += 0.001) {
                double x = 0;

                for (unsigned w = 0; w < ECG_WAVES; w++)
                        x += c->uv[w] * exp(-pow((t_s - e->places_s[w]) / e->widths_s[w], 2) / 2);
                low = fmin(low, x);
                high = fmax(high, x);
        }
        for (unsigned w = 0; w < ECG_ALL_WAVES; w++)
                c->uv[w] *= uv / (high - low);
}

/* Of a beat the wave at this time, to its height. */
static double wave(const SynthEcg *e, const SynthEcgBeat *beat, unsigned w) {
        double place_s = e->places_s[w] * (w == T_WAVE ? beat->qt : 1), width_s = e->widths_s[w];

        if (w == SPIKE_WAVE) {
                if (!e->rhythm.paced || beat->premature)
                        return 0;
                width_s = SPIKE_FRAMES / e->rate_hz;
        } else if ((w >= FIRST_PREMATURE) != beat->premature)
                return 0;
        double u = (e->now_s - beat->at_s - place_s) / width_s;
        return fabs(u) < REACH ? exp(-u * u / 2) : 0;
}

void synth_ecg_next(SynthEcg *e) {
        /* The first beat is over when its T wave is. */
        while (e->now_s - e->beats[0].at_s > e->places_s[T_WAVE] + REACH * e->widths_s[T_WAVE] &&
               (!e->beats[0].premature || e->now_s - e->beats[0].at_s > 1)) {
                for (unsigned i = 1; i < ECG_BEATS; i++)
                        e->beats[i - 1] = e->beats[i];
                e->beats[ECG_BEATS - 1] = draw_beat(e, e->beats + ECG_BEATS - 2);
        }
        for (unsigned w = 0; w < ECG_ALL_WAVES; w++) {
                e->waves[w] = 0;
                for (unsigned i = 0; i < ECG_BEATS; i++)
                        e->waves[w] += wave(e, e->beats + i, w);
        }
        e->now_s += 1 / e->rate_hz;
}

double synth_ecg_value(const SynthEcg *e, const SynthEcgChannel *c) {
        double sum = 0;

        for (unsigned w = 0; w < ECG_ALL_WAVES; w++)
                sum += c->uv[w] * e->waves[w];
        return sum * (1 + e->rhythm.breathes * c->breathes * sin(2 * M_PI * e->now_s / BREATH_PERIOD_S));
}
