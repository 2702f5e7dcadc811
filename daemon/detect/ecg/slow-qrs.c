/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A heartbeat too faint to be learned in the band. Most of a QRS complex lies between 5 and 20 Hz (Thakor,
 * Webster & Tompkins, IEEE Trans Biomed Eng 1984;31:702), below what a muscle has, and where the noise of
 * the band is not: a beat of 20 uV, hardly above noise of 3 uV behind the high-pass, is 15 times the noise
 * there. So beats are looked for in what the high-pass takes away, sampled every 10 ms: a curvature as sharp
 * as that of a QRS, far above the usual; the same waveform again; at the pace of a heart, even or, where
 * atria fibrillate, often enough.
 */
#include <math.h>
#include <string.h>

#include "slow-qrs.h"

/* Chosen on the seeds 1 to 12 of tests/bench/bench-hearts.c; times and lengths in ticks. */
#define SLOW_GAIN 0.1f                  /* of the averages: time constant 0.1 s, twice */
#define ARM 4                           /* ticks to each side: curvature is largest for waves of 80 ms */
#define LEVEL_GAIN 0.01f                /* per tick: follows in a second or two */
#define LEVEL_MIN_UV 1e-3f
#define SETTLED 60                      /* ticks, until the level is one */
#define ABOVE_LEVEL 7.0f                /* five standard deviations; lower: fainter hearts, more chance */
#define HOLD 3u                         /* without a larger one: that was the peak */
#define REFRACTORY 30.0
#define P_WAVE_BEFORE 9.0               /* the QRS; less: another lobe of it */
#define OF_P_WAVE 1.5f                  /* so soon and so much larger: that is the QRS */
#define PERIOD_MAX 170.0
#define LOST 400.0
#define ALIKE 0.85f                     /* correlation with the mean of the beats before */
#define SHIFT_MAX 4                     /* the largest lobe is now this, now that: the waveform tells */
#define WAVEFORM_GAIN 0.2f
#define UNEVENNESS 0.15
#define EVEN_MIN 5u                     /* gaps in a row as long as the ones before, or ... */
#define ALIKE_MIN 9u                    /* ... so many beats at any pace */
#define ODD_MAX 4u                      /* in a row: what was learned is no more */

static float at(const SlowQrs *q, int64_t tick) {
        return tick < q->since ? 0 : q->uv[tick & (SLOW_QRS_RING - 1)];
}

void slow_qrs_restart(SlowQrs *q, float low_uv, int64_t tick) {
        *q = (SlowQrs) { .average_uv = { low_uv, 0 }, .since = tick + 1, .tick = tick };
}

static float follow(float *average, float x) {
        *average += SLOW_GAIN * (x - *average);
        return x - *average;
}

static float between(const SlowQrs *q, double tick) {
        double whole = floor(tick);
        float part = (float) (tick - whole), x = at(q, (int64_t) whole);

        return part > 0 ? x + part * (at(q, (int64_t) whole + 1) - x) : x;
}

/* In a tick up to that one, microvolts: of noise that falls with frequency, nearly white. */
float slow_qrs_slope(const SlowQrs *q, double tick) {
        return between(q, tick) - between(q, tick - 1);
}

static float curvature_at(const SlowQrs *q, int64_t tick) {
        return at(q, tick) - (at(q, tick - ARM) + at(q, tick + ARM)) / 2;
}

/* The largest around a time, to what is usual. */
float slow_qrs_curvature(const SlowQrs *q, double tick) {
        int64_t middle = llround(tick);
        float most = 0;

        for (int64_t t = middle - ARM; t <= middle + ARM && t + ARM <= q->tick; t++)
                most = fmaxf(most, fabsf(curvature_at(q, t)));
        return q->level_uv > 0 ? most / q->level_uv : 0;
}

float slow_qrs_peak_to_peak(const SlowQrs *q, double tick) {
        int64_t first = llround(tick) - SLOW_QRS_BEFORE;
        float low = INFINITY, high = -INFINITY;

        for (int64_t t = first; t < first + SLOW_QRS_POINTS && t <= q->tick; t++) {
                low = fminf(low, at(q, t));
                high = fmaxf(high, at(q, t));
        }
        return high > low ? high - low : 0;
}

static float likeness(const float *a, const float *b) {
        float ab = 0, aa = 0, bb = 0;

        for (unsigned i = 0; i < SLOW_QRS_POINTS; i++) {
                ab += a[i] * b[i];
                aa += a[i] * a[i];
                bb += b[i] * b[i];
        }
        return aa > 0 && bb > 0 ? ab / sqrtf(aa * bb) : 0;
}

static void waveform_at(const SlowQrs *q, double tick, float ret[static SLOW_QRS_POINTS]) {
        for (unsigned i = 0; i < SLOW_QRS_POINTS; i++)
                ret[i] = between(q, tick + i - SLOW_QRS_BEFORE);
}

static void remember(SlowQrs *q, const float *waveform, float gain, double beat) {
        for (unsigned i = 0; i < SLOW_QRS_POINTS; i++)
                q->waveform_uv[i] += gain * (waveform[i] - q->waveform_uv[i]);
        memmove(q->beats + 1, q->beats, (SLOW_QRS_BEATS - 1) * sizeof *q->beats);
        q->beats[0] = beat;
        q->n_alike++;
        q->n_odd = 0;
}

static bool start(SlowQrs *q, const float *waveform, double beat) {
        q->n_alike = q->n_even = 0;
        q->period = 0;
        remember(q, waveform, 1, beat);
        return false;
}

/* One more peak. True: of the latest ones so many are alike that they are a heart's. */
static bool next(SlowQrs *q, double peak) {
        float waveform[SLOW_QRS_POINTS], most = -INFINITY;
        double beat = peak;

        for (int shift = -SHIFT_MAX; shift <= SHIFT_MAX && q->n_alike > 0; shift++) {
                waveform_at(q, peak + shift, waveform);
                float like = likeness(q->waveform_uv, waveform);
                if (like > most) {
                        most = like;
                        beat = peak + shift;
                }
        }
        waveform_at(q, beat, waveform);
        double period = beat - q->beats[0];
        if (q->n_alike == 0 || period > LOST)
                return start(q, waveform, beat);
        if (most < ALIKE) {
                if (++q->n_odd > ODD_MAX || q->n_alike < 3)
                        return start(q, waveform, beat);
                return false;
        }
        remember(q, waveform, WAVEFORM_GAIN, beat);
        /* one or two were not seen */
        double gaps = q->period > 0 ? fmax(1, round(period / q->period)) : period > PERIOD_MAX ? 2 : 1;
        period /= gaps;
        if (q->period > 0 && fabs(period - q->period) <= UNEVENNESS * q->period) {
                q->n_even++;
                q->period += (period - q->period) / 4;
        } else {
                q->n_even = 0;
                q->period = period;
        }
        return q->n_even >= EVEN_MIN || q->n_alike >= ALIKE_MIN;
}

/* A peak between three curvatures, the largest for a while: a beat, if it is not too near to the last. */
static void take_peak(SlowQrs *q, float before, float size, float after) {
        float bend = before - 2 * size + after, part = bend < 0 ? (before - after) / (2 * bend) : 0;
        double here = (double) (q->tick - ARM - 1) + (double) part, since = here - q->beats[0];

        if (q->n_alike > 0 && since <= REFRACTORY &&
            !(since > P_WAVE_BEFORE && size > OF_P_WAVE * q->size_uv))
                return;
        q->best_uv = size;
        q->best_age = 1;
        q->best_at = here;
}

/* The next 10 ms; low_uv: the signal below the high-pass. True: q->beats are a heart's. */
bool slow_qrs_next(SlowQrs *q, float low_uv, int64_t tick) {
        q->uv[tick & (SLOW_QRS_RING - 1)] = follow(q->average_uv + 1, follow(q->average_uv, low_uv));
        q->tick = tick;
        if (tick - q->since < 2 * ARM)
                return false;
        float curvature = curvature_at(q, tick - ARM), magnitude = fabsf(curvature);
        q->curvature_uv[0] = q->curvature_uv[1];
        q->curvature_uv[1] = q->curvature_uv[2];
        q->curvature_uv[2] = curvature;
        if (!(q->level_uv > LEVEL_MIN_UV))
                q->level_uv = fmaxf(magnitude, LEVEL_MIN_UV);
        float gain = tick - q->since < SETTLED ? 4 * LEVEL_GAIN : LEVEL_GAIN;
        q->level_uv *= magnitude > q->level_uv ? 1 + gain : 1 - gain;
        if (tick - q->since < SETTLED)
                return false;

        float before = fabsf(q->curvature_uv[0]), size = fabsf(q->curvature_uv[1]);
        q->best_age++;
        if (size > ABOVE_LEVEL * q->level_uv && size >= before && size > magnitude && size > q->best_uv)
                take_peak(q, before, size, magnitude);
        if (q->best_uv == 0 || q->best_age <= HOLD)
                return false;
        float best_uv = q->best_uv;
        q->best_uv = 0;
        if (q->n_alike > 0 && q->best_at - q->beats[0] < REFRACTORY)
                q->n_alike = 0;         /* those were P waves */
        bool is_heart = next(q, q->best_at);
        if (q->n_odd == 0)
                q->size_uv = q->n_alike == 1 ? best_uv : q->size_uv + WAVEFORM_GAIN * (best_uv - q->size_uv);
        return is_heart;
}
