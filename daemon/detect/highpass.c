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

#include "detect-private.h"

/* 1 - sinc(x)^2 = 1/sqrt(2) at x = 0.5611 */
#define HALF_POWER_CYCLES 0.5611

/* One by one: gcc makes one instruction of that, and four of __builtin_convertvector(). */
#define WHOLE(x) ((QuadDouble) { (double) (x)[0], (double) (x)[1], (double) (x)[2], (double) (x)[3] })

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

static ALWAYS_INLINE void next(Highpass *h, size_t n_lanes, const int32_t *codes, unsigned n_frames, float *ret, double *ret_low) {
        size_t size = h->length * n_lanes, at = h->next * n_lanes;
        double *all_sums = h->sums, *all_sum = h->sum, *all_sum_of_sums = h->sum_of_sums;
        double square = (double) h->length * h->length;
        int32_t *samples = h->samples;
        const float *gain = h->gain;

        for (; n_frames > 0; n_frames--, codes += n_lanes, ret += n_lanes, ret_low += n_lanes) {
                /* the sample that leaves next is length - 1 frames old: the middle of the triangle */
                size_t oldest = at + n_lanes < size ? at + n_lanes : 0;

                for (size_t l = 0; l < n_lanes; l += 4) {
                        QuadDouble *sums = (QuadDouble*) (all_sums + at + l), *sum_of_sums = (QuadDouble*) (all_sum_of_sums + l);
                        QuadBits now = *(const QuadBits*) (codes + l), before = *(const QuadBits*) (samples + at + l);
                        QuadBits middle = *(const QuadBits*) (samples + oldest + l);
                        QuadDouble sum = *(QuadDouble*) (all_sum + l) + (WHOLE(now) - WHOLE(before));
                        QuadDouble triangle = *sum_of_sums + (sum - *sums);

                        *(QuadBits*) (samples + at + l) = now;
                        *(QuadDouble*) (all_sum + l) = *sums = sum;
                        *sum_of_sums = triangle;
                        *(QuadDouble*) (ret_low + l) = triangle;
                        triangle = WHOLE(middle) * square - triangle;
                        *(Quad*) (ret + l) = __builtin_convertvector(triangle, Quad) * *(const Quad*) (gain + l);
                }
                at = oldest;
        }
        h->next = (unsigned) (at / n_lanes);
}

static ALWAYS_INLINE void highpass_next_any(Highpass *h, const int32_t *codes, unsigned n_frames, float *ret, double *ret_low) {
        if (h->n_lanes == 8)            /* the usual case, as constants */
                next(h, 8, codes, n_frames, ret, ret_low);
        else
                next(h, h->n_lanes, codes, n_frames, ret, ret_low);
}

/* Frames of a code for each lane to as many of microvolts, length - 1 frames late; ret_low: for highpass_low(). */
VECTOR_FUNCTION(void, highpass_next, (Highpass *h, const int32_t *codes, unsigned n_frames, float *ret, double *ret_low),
                (h, codes, n_frames, ret, ret_low))

/* What a frame was freed of, in microvolts. */
float highpass_low(const Highpass *h, const double *low, unsigned channel) {
        return (float) low[channel] * h->gain[channel];
}
