/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A unit that discharges 120 to 300 times a second (as in neuromyotonia) shows no single potentials any more: they
 * overlap to a tone of that frequency, with the first one in front. Is there one
 * in the signal before a step?
 */
#include <math.h>

#include "detect-private.h"

#define LOW_HZ 120.0
#define HIGH_HZ 320.0
#define APART_HZ 8.0                    /* a third of the window's resolution */

#define STEPS_MAX 100u                  /* in the window, at the highest processing rate */

/* Of the strongest of four tones: the square of its sum. */
static ALWAYS_INLINE double four_tones(const double *y, unsigned n, double hz, double step_rate_hz) {
        QuadDouble turn_re, turn_im, re = { 0 }, im = { 0 }, at_re = { 1, 1, 1, 1 }, at_im = { 0 };
        double most = 0;

        for (unsigned k = 0; k < 4; k++) {
                turn_re[k] = cos(2 * M_PI * (hz + k * APART_HZ) / step_rate_hz);
                turn_im[k] = sin(2 * M_PI * (hz + k * APART_HZ) / step_rate_hz);
        }
        for (unsigned i = 0; i < n; i++) {
                QuadDouble t = at_re;
                re += y[i] * at_re;
                im += y[i] * at_im;
                at_re = at_re * turn_re - at_im * turn_im;
                at_im = t * turn_im + at_im * turn_re;
        }
        re = re * re + im * im;
        for (unsigned k = 0; k < 4; k++)
                if (hz + k * APART_HZ <= HIGH_HZ)
                        most = fmax(most, re[k]);
        return most;
}

static ALWAYS_INLINE double strongest_any(const double *y, unsigned n, double step_rate_hz) {
        double best = 0;

        for (double hz = LOW_HZ; hz <= HIGH_HZ; hz += 4 * APART_HZ)
                best = fmax(best, four_tones(y, n, hz, step_rate_hz));
        return best;
}

STATIC_VECTOR_FUNCTION(double, strongest, (const double *y, unsigned n, double step_rate_hz), (y, n, step_rate_hz))

/* Energy of the strongest tone as a share of all; noise alone has seldom more than a third. */
float tone_share(const History *h, double end, double step_rate_hz) {
        unsigned n = (unsigned) lround(TONE_WINDOW_S * step_rate_hz);
        int64_t from = (int64_t) end - (h->end - (int64_t) h->fill) - n;
        double window_sum = 0, window_square = 0, total = 0, windowed[STEPS_MAX];

        if (step_rate_hz < 2.5 * HIGH_HZ || n > STEPS_MAX || from < 0 || from + n > (int64_t) h->fill)
                return 0;
        const float *y = h->y + from;

        for (unsigned i = 0; i < n; i++) {
                double w = 0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / n);
                window_sum += w;
                window_square += w * w;
                total += (double) y[i] * (double) y[i] * w * w;
                windowed[i] = (double) y[i] * w;
        }
        if (total <= 0)
                return 0;
        /* A tone of amplitude a: |sum|^2 = (a/2 window_sum)^2, energy a^2/2 window_square. */
        return (float) (strongest(windowed, n, step_rate_hz) * 2 * window_square / (window_sum * window_sum) / total);
}
