/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Low-pass of 450 Hz and decimation, in FIR filters of linear phase: windowed sinc, Kaiser window (Kaiser
 * 1974: n - 1 = (A - 7.95) / (2.285 dw), beta = 0.5842 (A - 21)^0.4 + 0.07886 (A - 21) for A dB of
 * attenuation, 21 to 50, and 0.1102 (A - 8.7) above). Up to about 1100 samples/s the band ends by itself at
 * half the rate and nothing is done. Where the converter's droop is corrected (droop.c), that is part of the
 * same filter.
 *
 * From some 6000 samples/s on there are two, one after the other: a short one, in front of all but the last
 * halving of the rate, which only has to keep away what would fold to where the second one lets pass.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decimator.h"
#include "daemon/detect/base/band.h"
#include "daemon/detect/base/simd.h"
#include "droop.h"

#define ATTENUATION_DB 50.0
#define COARSE_ATTENUATION_DB 60.0      /* its errors come on top of the other's, and cost less */
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

/* Of a filter whose attenuation is reached over a transition: taps beside the one in the middle. */
static unsigned half_length(double attenuation_db, double transition_hz, double rate_hz) {
        return (unsigned) ceil((attenuation_db - 7.95) / (2.285 * 2 * M_PI * transition_hz / rate_hz) / 2);
}

/* Windowed sinc, [2 * half + 1] */
static void low_taps(double attenuation_db, double cut, unsigned half, float *ret) {
        double beta = attenuation_db > 50 ? 0.1102 * (attenuation_db - 8.7) :
                0.5842 * pow(attenuation_db - 21, 0.4) + 0.07886 * (attenuation_db - 21), sum = 0;
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

/* Returns where the taps begin, or NULL. */
static float* fir_init(Fir *f, unsigned n_taps, unsigned n_lanes) {
        *f = (Fir) { .n_taps = n_taps, .n_padded = (n_taps + 3) / 4 * 4 };
        f->taps = calloc(f->n_padded, sizeof *f->taps);
        f->ring = calloc(2 * (size_t) f->n_padded * n_lanes, sizeof *f->ring);
        return f->taps && f->ring ? f->taps + (f->n_padded - n_taps) : NULL;
}

/* What the fine filter lets pass, and where it does so once more. */
static int coarse_init(Decimator *l, double rate_hz, double pass_hz) {
        double between_hz = rate_hz / l->coarse_decimation;
        unsigned half = half_length(COARSE_ATTENUATION_DB, between_hz - 2 * pass_hz, rate_hz);
        float *taps = fir_init(&l->coarse, 2 * half + 1, l->n_lanes);

        l->between = calloc(l->n_lanes, sizeof *l->between);
        if (!taps || !l->between)
                return -ENOMEM;
        low_taps(COARSE_ATTENUATION_DB, between_hz / 2 / rate_hz, half, taps);
        l->delay_frames = half;
        l->length_frames = l->coarse.n_taps;
        return 0;
}

static int fine_init(Decimator *l, double rate_hz, double transition_hz, const Droop *droop) {
        unsigned half = l->limits ? half_length(ATTENUATION_DB, transition_hz, rate_hz) : 0,
                 n_low = 2 * half + 1;
        unsigned n_taps = n_low + (droop->of_signal ? DROOP_TAPS - 1 : 0);
        float *taps = fir_init(&l->fine, n_taps, l->n_lanes);

        if (!taps)
                return -ENOMEM;
        if (l->limits)
                low_taps(ATTENUATION_DB, (DETECT_LOWPASS_HZ + transition_hz / 2) / rate_hz, half, taps);
        else
                taps[0] = 1;
        if (droop->of_signal)
                append_droop(taps, n_low, droop->taps);
        l->delay_frames += (n_taps - 1) / 2.0 * l->coarse_decimation;
        l->length_frames += n_taps * l->coarse_decimation;
        return 0;
}

int decimator_init(Decimator *l, double rate_hz, unsigned n_lanes, const Droop *droop) {
        unsigned decimation = (unsigned) ceil(rate_hz / DETECT_STEP_RATE_HZ_MAX);

        *l = (Decimator) {
                .decimation = decimation,
                .coarse_decimation = decimation % 2 == 0 && !droop->of_signal ? decimation / 2 : 1,
                .n_lanes = n_lanes,
                .limits = rate_hz > FREE_RATE_HZ,
        };
        l->needed = l->limits || droop->of_signal;
        decimator_align(l, 0);
        if (!l->needed)
                return 0;

        /* What lies above step_rate - 450 Hz would fold back into the band. */
        double transition_hz = fmin(TRANSITION_HZ_MAX, rate_hz / decimation - 2 * DETECT_LOWPASS_HZ);
        int r = l->coarse_decimation > 1 ? coarse_init(l, rate_hz, DETECT_LOWPASS_HZ + transition_hz) : 0;
        return r < 0 ? r : fine_init(l, rate_hz / l->coarse_decimation, transition_hz, droop);
}

void decimator_done(Decimator *l) {
        free(l->coarse.taps);
        free(l->coarse.ring);
        free(l->fine.taps);
        free(l->fine.ring);
        free(l->between);
}

/*
 * The next frame is at that position. Values of the coarse filter fall on frames 0, coarse_decimation,
 * 2 * coarse_decimation ..., gaps included; steps do on some of them.
 */
void decimator_align(Decimator *l, uint64_t position) {
        l->coarse_in = (unsigned) ((l->coarse_decimation - position % l->coarse_decimation) %
                                   l->coarse_decimation) +
                1;
}

static void fir_restart(Fir *f, unsigned n_lanes, unsigned channel) {
        for (size_t i = 0; i < 2 * (size_t) f->n_padded && f->ring; i++)
                f->ring[i * n_lanes + channel] = 0;
}

void decimator_restart(Decimator *l, unsigned channel) {
        fir_restart(&l->coarse, l->n_lanes, channel);
        fir_restart(&l->fine, l->n_lanes, channel);
}

static ALWAYS_INLINE void feed(Fir *f, size_t n_lanes, const float *x, unsigned n) {
        size_t size = f->n_padded * n_lanes, at = f->next * n_lanes;
        float *ring = f->ring;

        for (unsigned i = 0; i < n; i++, x += n_lanes) {
                for (size_t lane = 0; lane < n_lanes; lane += 8)
                        *(f32x8*) (ring + at + lane) = *(f32x8*) (ring + size + at + lane) =
                                *(const f32x8*) (x + lane);
                at = at + n_lanes < size ? at + n_lanes : 0;
        }
        f->next = (unsigned) (at / n_lanes);
}

static ALWAYS_INLINE void add_four(const float *taps, const float *x, size_t n_lanes, f32x8 *sum) {
        sum[0] += *(const f32x8*) x * taps[0];
        sum[1] += *(const f32x8*) (x + n_lanes) * taps[1];
        sum[2] += *(const f32x8*) (x + 2 * n_lanes) * taps[2];
        sum[3] += *(const f32x8*) (x + 3 * n_lanes) * taps[3];
}

static ALWAYS_INLINE void run(const Fir *f, size_t n_lanes, float *ret) {
        for (size_t lane = 0; lane < n_lanes; lane += 8) {
                const float *x = f->ring + f->next * n_lanes + lane, *taps = f->taps;
                f32x8 sum[4] = { { 0 } };
                size_t i = 0, n = f->n_padded;

                /* Four sums: an addition need not wait for the one before. */
                for (; i + 16 <= n; i += 16) {
                        add_four(taps + i, x + i * n_lanes, n_lanes, sum);
                        add_four(taps + i + 4, x + (i + 4) * n_lanes, n_lanes, sum);
                        add_four(taps + i + 8, x + (i + 8) * n_lanes, n_lanes, sum);
                        add_four(taps + i + 12, x + (i + 12) * n_lanes, n_lanes, sum);
                }
                for (; i < n; i += 4)
                        add_four(taps + i, x + i * n_lanes, n_lanes, sum);
                *(f32x8*) (ret + lane) = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        }
}

static ALWAYS_INLINE void feed_both(Decimator *l, size_t n_lanes, const float *x, unsigned n_frames) {
        for (unsigned n; n_frames > 0; n_frames -= n, x += n * n_lanes) {
                n = n_frames < l->coarse_in ? n_frames : l->coarse_in;
                feed(&l->coarse, n_lanes, x, n);
                l->coarse_in -= n;
                if (l->coarse_in == 0) {
                        run(&l->coarse, n_lanes, l->between);
                        feed(&l->fine, n_lanes, l->between, 1);
                        l->coarse_in = l->coarse_decimation;
                }
        }
}

static ALWAYS_INLINE void feed_lanes(Decimator *l, size_t n_lanes, const float *x, unsigned n_frames) {
        if (l->coarse_decimation > 1)
                feed_both(l, n_lanes, x, n_frames);
        else
                feed(&l->fine, n_lanes, x, n_frames);
}

static ALWAYS_INLINE void decimator_feed_any(Decimator *l, const float *x, unsigned n_frames) {
        if (l->n_lanes == 8)            /* the typical case, as constants */
                feed_lanes(l, 8, x, n_frames);
        else
                feed_lanes(l, l->n_lanes, x, n_frames);
}

/* Frames of a value for each lane. */
VECTOR_FUNCTION(void, decimator_feed, (Decimator *l, const float *x, unsigned n_frames), (l, x, n_frames))

static ALWAYS_INLINE void decimator_run_any(const Decimator *l, float *ret) {
        if (l->n_lanes == 8)
                run(&l->fine, 8, ret);
        else
                run(&l->fine, l->n_lanes, ret);
}

/* The value of each lane at the latest frame. */
VECTOR_FUNCTION(void, decimator_run, (const Decimator *l, float *ret), (l, ret))
