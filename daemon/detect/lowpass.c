/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Low-pass of 450 Hz and decimation, in one FIR filter of linear phase: windowed sinc,
 * Kaiser window (Kaiser 1974: n - 1 = (A - 7.95) / (2.285 dw), beta = 0.5842 (A - 21)^0.4
 * + 0.07886 (A - 21) for A dB of attenuation, 21 to 50). Up to about 1100 samples/s the
 * band ends by itself at half the rate and nothing is done.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "detect-private.h"

#define ATTENUATION_DB 50.0
#define TRANSITION_HZ_MAX 160.0
#define FREE_RATE_HZ 1100.0

static double bessel_i0(double x) {
        double sum = 1, term = 1;

        for (unsigned k = 1; k < 50; k++) {
                term *= (x / (2 * k)) * (x / (2 * k));
                sum += term;
        }
        return sum;
}

int lowpass_init(Lowpass *l, double rate_hz) {
        unsigned decimation = (unsigned) ceil(rate_hz / DETECT_STEP_RATE_HZ_MAX);

        *l = (Lowpass) { .decimation = decimation };
        if (rate_hz <= FREE_RATE_HZ)
                return 0;

        /* What lies above step_rate - 450 Hz would fold back into the band. */
        double alias_hz = rate_hz / decimation - 2 * DETECT_LOWPASS_HZ;
        double transition_hz = fmin(TRANSITION_HZ_MAX, alias_hz);
        double beta = 0.5842 * pow(ATTENUATION_DB - 21, 0.4) + 0.07886 * (ATTENUATION_DB - 21);
        unsigned half = (unsigned) ceil((ATTENUATION_DB - 7.95) /
                                        (2.285 * 2 * M_PI * transition_hz / rate_hz) / 2);
        double cut = (DETECT_LOWPASS_HZ + transition_hz / 2) / rate_hz;

        l->n_taps = 2 * half + 1;
        l->n_padded = (l->n_taps + 3) / 4 * 4;
        l->taps = calloc(l->n_padded, sizeof *l->taps);
        if (!l->taps)
                return -ENOMEM;

        float *taps = l->taps + (l->n_padded - l->n_taps);
        double sum = 0;
        for (unsigned i = 0; i < l->n_taps; i++) {
                double t = (double) i - half, u = t / (half + 1);
                double sinc = i == half ? 2 * cut : sin(2 * M_PI * cut * t) / (M_PI * t);

                taps[i] = (float) (sinc * bessel_i0(beta * sqrt(1 - u * u)));
                sum += (double) taps[i];
        }
        for (unsigned i = 0; i < l->n_taps; i++)
                taps[i] = (float) ((double) taps[i] / sum);
        return 0;
}

void lowpass_done(Lowpass *l) {
        free(l->taps);
}

float lowpass_run(const Lowpass *l, const float *window) {
        Quad sum = { 0 };

        for (unsigned i = 0; i < l->n_padded; i += 4)
                sum += *(const Quad*) (l->taps + i) * *(const Quad*) (window + i);
        return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}
