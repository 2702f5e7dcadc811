/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hum that has changed. mains.c follows slowly, for a twitch to leave nothing behind, and by what is
 * clipped. A plug that is touched, a lamp, another recorder's lost samples change amplitude or phase
 * at once, and what is then left looks like a muscle at work. But no muscle repeats itself from one
 * cycle of the mains to the next, with nearly all of its energy in one harmonic.
 */
#include <math.h>

#include "daemon/detect/base/interpolate.h"
#include "hum.h"

/* Numbers chosen by the cases of tests/unit/test-hum.c. More, or more alike: later, and seldom wrong. */
#define QUICK_PERIODS 4u                /* enough where hardly anything else is left ... */
#define QUICK_ALIKE 0.75f               /* correlation from period to period: a hum of 2.5 sigma */
#define SLOW_PERIODS 8u                 /* ... and where noise is as large */
#define SLOW_ALIKE 0.5f
#define NARROW_ALIKE 0.9f
#define ALONE 0.55f                     /* of the energy, in one harmonic; of a train at 50 a second 0.4 */
#define HARMONICS 2u                    /* a unit may discharge 150 times a second, a tone by itself */

/* How much of the energy the strongest of the first harmonics has. */
static float strongest_harmonic(const float *y, unsigned n, double period_steps) {
        float most = 0, all = 0;

        for (unsigned i = 0; i < n; i++)
                all += y[i] * y[i];
        for (unsigned k = 1; k <= HARMONICS; k++) {
                double re = 0, im = 0;

                for (unsigned i = 0; i < n; i++) {
                        double phase = 2 * M_PI * k * i / period_steps;
                        re += (double) y[i] * cos(phase);
                        im += (double) y[i] * sin(phase);
                }
                most = fmaxf(most, (float) ((re * re + im * im) * 2 / n));
        }
        return all > 0 ? most / all : 0;
}

bool hum_is(const History *h, double from, double to, double period_steps, float alike, float alone) {
        int64_t base = h->end - (int64_t) h->fill, first = (int64_t) ceil(from + period_steps) - base;
        int64_t end = (int64_t) to - base;
        double whole = floor(period_steps);
        float weights[4], ab = 0, aa = 0, bb = 0;

        if (first < (int64_t) whole + 3)
                first = (int64_t) whole + 3;
        if (end > (int64_t) h->fill)
                end = (int64_t) h->fill;
        if (end - first < period_steps)
                return false;
        cubic_weights(1 - (period_steps - whole), weights);
        for (int64_t i = first; i < end; i++) {
                const float *x = h->y + i - (int64_t) whole - 1;
                float b = weights[0] * x[-1] + weights[1] * x[0] + weights[2] * x[1] + weights[3] * x[2];
                float a = h->y[i];

                ab += a * b;
                aa += a * a;
                bb += b * b;
        }
        if (!(ab > alike * sqrtf(aa * bb)))
                return false;
        double n = floor((double) (end - first) / period_steps) * period_steps;
        return strongest_harmonic(h->y + end - (int64_t) n, (unsigned) n, period_steps) >= alone;
}

static bool has_changed(const History *h, double period_steps, unsigned n_periods, float alike) {
        double n = n_periods * period_steps;

        return n + period_steps < (double) h->keep &&
                hum_is(h, (double) h->end - n, (double) h->end, period_steps, alike, ALONE);
}

unsigned hum_changed_for(const History *h, double period_steps, bool under_way, bool is_narrow) {
        if (is_narrow)                  /* in a band of 100 Hz noise is soon alike, too */
                return has_changed(h, period_steps, SLOW_PERIODS, NARROW_ALIKE) ? SLOW_PERIODS : 0;
        if (under_way)                  /* a muscle at work is so for some periods, by chance */
                return has_changed(h, period_steps, SLOW_PERIODS, QUICK_ALIKE) ? SLOW_PERIODS : 0;
        if (has_changed(h, period_steps, QUICK_PERIODS, QUICK_ALIKE))
                return QUICK_PERIODS;
        return has_changed(h, period_steps, SLOW_PERIODS, SLOW_ALIKE) ? SLOW_PERIODS : 0;
}
