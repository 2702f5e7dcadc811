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
#include <string.h>

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

int lowpass_init(Lowpass *l, double rate_hz, unsigned n_lanes) {
        unsigned decimation = (unsigned) ceil(rate_hz / DETECT_STEP_RATE_HZ_MAX);

        *l = (Lowpass) { .decimation = decimation, .n_lanes = n_lanes };
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
        l->ring = calloc(2 * (size_t) l->n_padded * n_lanes, sizeof *l->ring);
        if (!l->taps || !l->ring)
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
        free(l->ring);
}

void lowpass_restart(Lowpass *l, unsigned channel) {
        for (size_t i = 0; i < 2 * (size_t) l->n_padded && l->ring; i++)
                l->ring[i * l->n_lanes + channel] = 0;
}

/* Frames of a value for each lane. */
void lowpass_feed(Lowpass *l, const float *x, unsigned n_frames) {
        size_t size = l->n_lanes * sizeof *x;

        for (; n_frames > 0; n_frames--, x += l->n_lanes) {
                memcpy(l->ring + (size_t) l->next * l->n_lanes, x, size);
                memcpy(l->ring + (size_t) (l->next + l->n_padded) * l->n_lanes, x, size);
                l->next = l->next + 1 < l->n_padded ? l->next + 1 : 0;
        }
}

static ALWAYS_INLINE void lowpass_run_any(const Lowpass *l, float *ret) {
        for (unsigned lane = 0; lane < l->n_lanes; lane += 8) {
                const float *x = l->ring + (size_t) l->next * l->n_lanes + lane;
                Oct sum[4] = { { 0 } };

                /* Four sums: an addition need not wait for the one before. */
                for (size_t i = 0; i < l->n_padded; i += 4, x += 4 * (size_t) l->n_lanes) {
                        sum[0] += *(const Oct*) x * l->taps[i];
                        sum[1] += *(const Oct*) (x + l->n_lanes) * l->taps[i + 1];
                        sum[2] += *(const Oct*) (x + 2 * (size_t) l->n_lanes) * l->taps[i + 2];
                        sum[3] += *(const Oct*) (x + 3 * (size_t) l->n_lanes) * l->taps[i + 3];
                }
                *(Oct*) (ret + lane) = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        }
}

/* The value of each lane at the latest frame. */
VECTOR_FUNCTION(void, lowpass_run, (const Lowpass *l, float *ret), (l, ret))
