/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this a jump of the electrode's potential? The high-pass makes a known figure of a jump:
 * -(1 - |t|/L)^2/2 before and (1 - t/L)^2/2 after it, L the length of its moving averages.
 * An event that is this figure, and not merely near one, was a jump.
 */
#include <math.h>

#include "detect-private.h"

#define SEARCH_S 0.01                   /* the jump is so near to the peak */

static float figure(int t, int length) {
        float u = 1 - fabsf((float) t + 0.5f) / (float) length;
        return (t < 0 ? -0.5f : 0.5f) * u * u;
}

/* Correlation of the signal around the step with a jump's figure, 0 .. 1. */
float motion_likeness(const History *h, double step, unsigned length_steps, double step_rate_hz) {
        int length = (int) length_steps, search = (int) lround(SEARCH_S * step_rate_hz);
        int64_t base = h->end - (int64_t) h->fill, middle = (int64_t) floor(step) - base;
        float best = 0;

        if (middle - search - length < 0 || middle + search + length > (int64_t) h->fill)
                return 0;
        for (int shift = -search; shift <= search; shift++) {
                const float *y = h->y + middle + shift;
                float yf = 0, yy = 0, ff = 0;

                for (int t = -length; t < length; t++) {
                        float f = figure(t, length);
                        yf += y[t] * f;
                        yy += y[t] * y[t];
                        ff += f * f;
                }
                if (yy > 0)
                        best = fmaxf(best, fabsf(yf) / sqrtf(yy * ff));
        }
        return best;
}
