/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * High-pass of 20 Hz: the sample in the middle minus a triangular mean around it.
 *
 * The triangle is two moving averages one after the other, so the response is
 * 1 - (sin(pi f L)/(L sin(pi f)))^2: between 0 and 1 everywhere, second order at the low
 * end, and of linear phase. A causal Butterworth moves and reshapes potentials, and turns
 * the edge of an artefact into something that looks like one (Jahanmiri-Nezhad 2015);
 * this one delays everything by the same length, 28 ms. The sums are of whole numbers and
 * below 2^53, so that doubles, which vectors have, hold them exactly: nothing drifts in a recording of days.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "highpass.h"
#include "daemon/detect/base/band.h"
#include "daemon/detect/base/simd.h"

/* 1 - sinc(x)^2 = 1/sqrt(2) at x = 0.5611, by definition of the corner */
#define HALF_POWER_CYCLES 0.5611

/* One by one: gcc makes one instruction of that, and four of __builtin_convertvector(). */
#define WHOLE(x) ((f64x4) { (double) (x)[0], (double) (x)[1], (double) (x)[2], (double) (x)[3] })

unsigned highpass_length(double rate_hz) {
        return (unsigned) lround(HALF_POWER_CYCLES * rate_hz / DETECT_HIGHPASS_HZ);
}

double highpass_gain(unsigned length, double cycles_per_frame) {
        double s = sin(M_PI * cycles_per_frame);

        if (fabs(s) < 1e-12)
                return 0;
        double r = sin(M_PI * cycles_per_frame * length) / (length * s);
        return 1 - r * r;
}

int highpass_init(Highpass *h, unsigned length, unsigned n_lanes) {
        *h = (Highpass) {
                .length = length,
                .n_lanes = n_lanes,
                .samples = calloc((size_t) length * n_lanes, sizeof *h->samples),
                .sums = calloc((size_t) length * n_lanes, sizeof *h->sums),
                .sum = calloc(n_lanes, sizeof *h->sum),
                .sum_of_sums = calloc(n_lanes, sizeof *h->sum_of_sums),
                .gain = calloc(n_lanes, sizeof *h->gain),
        };
        return h->samples && h->sums && h->sum && h->sum_of_sums && h->gain ? 0 : -ENOMEM;
}

void highpass_done(Highpass *h) {
        free(h->samples);
        free(h->sums);
        free(h->sum);
        free(h->sum_of_sums);
        free(h->gain);
}

void highpass_channel_init(Highpass *h, unsigned channel, double lsb_uv) {
        h->gain[channel] = (float) (lsb_uv / ((double) h->length * h->length));
}

/* As if the first sample had always been there: no step, no transient. */
void highpass_restart(Highpass *h, unsigned channel, int32_t first) {
        h->sum[channel] = (double) first * h->length;
        h->sum_of_sums[channel] = h->sum[channel] * h->length;
        for (size_t i = 0; i < h->length; i++) {
                h->samples[i * h->n_lanes + channel] = first;
                h->sums[i * h->n_lanes + channel] = h->sum[channel];
        }
}

/*
 * Four lanes, whose sums stay in registers from frame to frame. Returns the place of the next frame in the
 * rings.
 */
static ALWAYS_INLINE size_t next_four(Highpass *h, size_t n_lanes, size_t lane, const int32_t *codes,
                                      unsigned n_frames, float *ret, double *ret_low) {
        size_t size = h->length * n_lanes, at = h->next * n_lanes;
        f64x4 sum = *(f64x4*) (h->sum + lane), sum_of_sums = *(f64x4*) (h->sum_of_sums + lane);
        const f64x4 square = (f64x4) { 0 } + (double) h->length * h->length;
        const f32x4 gain = *(const f32x4*) (h->gain + lane);
        int32_t *samples = h->samples + lane;
        double *sums = h->sums + lane;

        for (size_t f = 0; f < n_frames; f++) {
                /* the sample that leaves next is length - 1 frames old: the middle of the triangle */
                size_t oldest = at + n_lanes < size ? at + n_lanes : 0, out = f * n_lanes + lane;
                i32x4 now = *(const i32x4*) (codes + out), before = *(const i32x4*) (samples + at);
                i32x4 middle = *(const i32x4*) (samples + oldest);

                *(i32x4*) (samples + at) = now;
                sum += WHOLE(now) - WHOLE(before);
                sum_of_sums += sum - *(const f64x4*) (sums + at);
                *(f64x4*) (sums + at) = sum;
                *(f64x4*) (ret_low + out) = sum_of_sums;
                *(f32x4*) (ret + out) =
                        __builtin_convertvector(WHOLE(middle) * square - sum_of_sums, f32x4) * gain;
                at = oldest;
        }
        *(f64x4*) (h->sum + lane) = sum;
        *(f64x4*) (h->sum_of_sums + lane) = sum_of_sums;
        return at;
}

static ALWAYS_INLINE void next(Highpass *h, size_t n_lanes, const int32_t *codes, unsigned n_frames,
                               float *ret, double *ret_low) {
        size_t at = 0;

        for (size_t lane = 0; lane < n_lanes; lane += 4)
                at = next_four(h, n_lanes, lane, codes, n_frames, ret, ret_low);
        h->next = (unsigned) (at / n_lanes);
}

static ALWAYS_INLINE void highpass_next_any(Highpass *h, const int32_t *codes, unsigned n_frames, float *ret,
                                            double *ret_low) {
        if (h->n_lanes == 8)            /* the typical case, as constants */
                next(h, 8, codes, n_frames, ret, ret_low);
        else
                next(h, h->n_lanes, codes, n_frames, ret, ret_low);
}

/*
 * Frames of a code for each lane to as many of microvolts, length - 1 frames late; ret_low: for
 * highpass_low().
 */
VECTOR_FUNCTION(void, highpass_next,
                (Highpass *h, const int32_t *codes, unsigned n_frames, float *ret, double *ret_low),
                (h, codes, n_frames, ret, ret_low))

/* What a frame was freed of, in microvolts. */
float highpass_low(const Highpass *h, const double *low, unsigned channel) {
        return (float) low[channel] * h->gain[channel];
}
