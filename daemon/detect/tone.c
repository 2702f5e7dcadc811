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

/* Energy of the strongest tone as a share of all; noise alone has seldom more than a third. */
float tone_share(const History *h, double end, double step_rate_hz) {
        unsigned n = (unsigned) lround(TONE_WINDOW_S * step_rate_hz);
        int64_t from = (int64_t) end - (h->end - (int64_t) h->fill) - n;
        double window_sum = 0, window_square = 0, total = 0, best = 0;

        if (step_rate_hz < 2.5 * HIGH_HZ || from < 0 || from + n > (int64_t) h->fill)
                return 0;
        const float *y = h->y + from;

        for (unsigned i = 0; i < n; i++) {
                double w = 0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / n);
                window_sum += w;
                window_square += w * w;
                total += (double) y[i] * (double) y[i] * w * w;
        }
        if (total <= 0)
                return 0;
        for (double hz = LOW_HZ; hz <= HIGH_HZ; hz += APART_HZ) {
                double turn_re = cos(2 * M_PI * hz / step_rate_hz), turn_im = sin(2 * M_PI * hz / step_rate_hz);
                double re = 0, im = 0, at_re = 1, at_im = 0;

                for (unsigned i = 0; i < n; i++) {
                        double v = (double) y[i] * (0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / n)), t = at_re;
                        re += v * at_re;
                        im += v * at_im;
                        at_re = at_re * turn_re - at_im * turn_im;
                        at_im = t * turn_im + at_im * turn_re;
                }
                best = fmax(best, re * re + im * im);
        }
        /* A tone of amplitude a: |sum|^2 = (a/2 window_sum)^2, energy a^2/2 window_square. */
        return (float) (best * 2 * window_square / (window_sum * window_sum) / total);
}
