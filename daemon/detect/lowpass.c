/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Low-pass of 450 Hz and decimation, in one FIR filter of linear phase: windowed sinc,
 * Kaiser window (Kaiser 1974: n - 1 = (A - 7.95) / (2.285 dw), beta = 0.5842 (A - 21)^0.4
 * + 0.07886 (A - 21) for A dB of attenuation, 21 to 50). Up to about 1100 samples/s the
 * band ends by itself at half the rate and nothing is done. Where the converter's droop is corrected (droop.c), that
 * is part of the same filter.
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

/* Windowed sinc, [2 * half + 1] */
static void low_taps(double cut, unsigned half, float *ret) {
        double beta = 0.5842 * pow(ATTENUATION_DB - 21, 0.4) + 0.07886 * (ATTENUATION_DB - 21), sum = 0;
        unsigned n = 2 * half + 1;

        for (unsigned i = 0; i < n; i++) {
                double t = (double) i - half, u = t / (half + 1);
                double sinc = i == half ? 2 * cut : sin(2 * M_PI * cut * t) / (M_PI * t);

                ret[i] = (float) (sinc * bessel_i0(beta * sqrt(1 - u * u)));
                sum += (double) ret[i];
        }
        for (unsigned i = 0; i < n; i++)
                ret[i] = (float) ((double) ret[i] / sum);
}

/* One filter after the other, in one. taps has room for DROOP_TAPS - 1 more than there are. */
static void append_droop(float *taps, unsigned n_taps, const double droop[static DROOP_TAPS]) {
        for (unsigned i = n_taps + DROOP_TAPS - 1; i-- > 0;) {
                double sum = 0;

                /* from the last one down: taps[i] itself is not needed any more */
                for (unsigned k = 0; k < DROOP_TAPS; k++)
                        if (i >= k && i - k < n_taps)
                                sum += (double) taps[i - k] * droop[k];
                taps[i] = (float) sum;
        }
}

int lowpass_init(Lowpass *l, double rate_hz, unsigned n_lanes, const Droop *droop) {
        unsigned decimation = (unsigned) ceil(rate_hz / DETECT_STEP_RATE_HZ_MAX), half = 0;
        double cut = 0;

        *l = (Lowpass) { .decimation = decimation, .n_lanes = n_lanes, .limits = rate_hz > FREE_RATE_HZ };
        if (l->limits) {
                /* What lies above step_rate - 450 Hz would fold back into the band. */
                double alias_hz = rate_hz / decimation - 2 * DETECT_LOWPASS_HZ;
                double transition_hz = fmin(TRANSITION_HZ_MAX, alias_hz);

                half = (unsigned) ceil((ATTENUATION_DB - 7.95) / (2.285 * 2 * M_PI * transition_hz / rate_hz) / 2);
                cut = (DETECT_LOWPASS_HZ + transition_hz / 2) / rate_hz;
        } else if (!droop->of_signal)
                return 0;

        unsigned n_low = 2 * half + 1;
        l->n_taps = n_low + (droop->of_signal ? DROOP_TAPS - 1 : 0);
        l->n_padded = (l->n_taps + 3) / 4 * 4;
        l->taps = calloc(l->n_padded, sizeof *l->taps);
        l->ring = calloc(2 * (size_t) l->n_padded * n_lanes, sizeof *l->ring);
        if (!l->taps || !l->ring)
                return -ENOMEM;

        float *taps = l->taps + (l->n_padded - l->n_taps);
        if (l->limits)
                low_taps(cut, half, taps);
        else
                taps[0] = 1;
        if (droop->of_signal)
                append_droop(taps, n_low, droop->taps);
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

static ALWAYS_INLINE void feed(Lowpass *l, size_t n_lanes, const float *x, unsigned n_frames) {
        size_t size = l->n_padded * n_lanes, at = l->next * n_lanes;
        float *ring = l->ring;

        for (unsigned f = 0; f < n_frames; f++, x += n_lanes) {
                for (size_t lane = 0; lane < n_lanes; lane += 8)
                        *(Oct*) (ring + at + lane) = *(Oct*) (ring + size + at + lane) = *(const Oct*) (x + lane);
                at = at + n_lanes < size ? at + n_lanes : 0;
        }
        l->next = (unsigned) (at / n_lanes);
}

static ALWAYS_INLINE void lowpass_feed_any(Lowpass *l, const float *x, unsigned n_frames) {
        if (l->n_lanes == 8)            /* the usual case, as constants */
                feed(l, 8, x, n_frames);
        else
                feed(l, l->n_lanes, x, n_frames);
}

/* Frames of a value for each lane. */
VECTOR_FUNCTION(void, lowpass_feed, (Lowpass *l, const float *x, unsigned n_frames), (l, x, n_frames))

static ALWAYS_INLINE void add_four(const float *taps, const float *x, size_t n_lanes, Oct *sum) {
        sum[0] += *(const Oct*) x * taps[0];
        sum[1] += *(const Oct*) (x + n_lanes) * taps[1];
        sum[2] += *(const Oct*) (x + 2 * n_lanes) * taps[2];
        sum[3] += *(const Oct*) (x + 3 * n_lanes) * taps[3];
}

static ALWAYS_INLINE void run(const Lowpass *l, size_t n_lanes, float *ret) {
        for (size_t lane = 0; lane < n_lanes; lane += 8) {
                const float *x = l->ring + l->next * n_lanes + lane, *taps = l->taps;
                Oct sum[4] = { { 0 } };
                size_t i = 0, n = l->n_padded;

                /* Four sums: an addition need not wait for the one before. */
                for (; i + 16 <= n; i += 16) {
                        add_four(taps + i, x + i * n_lanes, n_lanes, sum);
                        add_four(taps + i + 4, x + (i + 4) * n_lanes, n_lanes, sum);
                        add_four(taps + i + 8, x + (i + 8) * n_lanes, n_lanes, sum);
                        add_four(taps + i + 12, x + (i + 12) * n_lanes, n_lanes, sum);
                }
                for (; i < n; i += 4)
                        add_four(taps + i, x + i * n_lanes, n_lanes, sum);
                *(Oct*) (ret + lane) = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        }
}

static ALWAYS_INLINE void lowpass_run_any(const Lowpass *l, float *ret) {
        if (l->n_lanes == 8)
                run(l, 8, ret);
        else
                run(l, l->n_lanes, ret);
}

/* The value of each lane at the latest frame. */
VECTOR_FUNCTION(void, lowpass_run, (const Lowpass *l, float *ret), (l, ret))
