/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "band.h"

/*
 * Two passes make -3 dB of what was -1.5 dB in each: |H|^2 = 1/(1 + (f/fc)^4) is 2^-0.5 at
 * f = fc (sqrt(2) - 1)^(1/4), so corners move by this factor.
 */
#define TWO_PASS_SHIFT 0.80224

typedef struct Biquad {
        double b0, b1, b2, a1, a2;
} Biquad;

double band_high_hz(double rate_hz) {
        return fmin(BAND_HIGH_HZ, BAND_HIGH_OF_RATE * rate_hz);
}

/* Butterworth of order 2 by the bilinear transform with the corner prewarped. */
static Biquad butterworth(double rate_hz, double corner_hz, int highpass) {
        double k = tan(M_PI * corner_hz / rate_hz), norm = 1 / (1 + M_SQRT2 * k + k * k);
        double b = highpass ? norm : k * k * norm;

        return (Biquad) {
                .b0 = b,
                .b1 = highpass ? -2 * b : 2 * b,
                .b2 = b,
                .a1 = 2 * (k * k - 1) * norm,
                .a2 = (1 - M_SQRT2 * k + k * k) * norm,
        };
}

/* One pass over x, from the end to the start if step is -1. */
static void run(const Biquad *q, double *x, size_t n, int step) {
        double s1 = 0, s2 = 0;

        if (step < 0)
                x += n - 1;
        for (; n > 0; n--, x += step) {
                double in = *x, out = q->b0 * in + s1;

                s1 = q->b1 * in - q->a1 * out + s2;
                s2 = q->b2 * in - q->a2 * out;
                *x = out;
        }
}

static void run_both_ways(const Biquad *q, double *x, size_t n) {
        if (n == 0)
                return;
        run(q, x, n, 1);
        run(q, x, n, -1);
}

void band_lowpass(double *x, size_t n, double rate_hz, double corner_hz) {
        Biquad q = butterworth(rate_hz, corner_hz / TWO_PASS_SHIFT, 0);
        run_both_ways(&q, x, n);
}

void band_highpass(double *x, size_t n, double rate_hz, double corner_hz) {
        Biquad q = butterworth(rate_hz, corner_hz * TWO_PASS_SHIFT, 1);
        run_both_ways(&q, x, n);
}
