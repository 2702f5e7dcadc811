/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * High-pass of 20 Hz: the sample in the middle minus a triangular mean around it.
 *
 * The triangle is two moving averages one after the other, so the response is
 * 1 - (sin(pi f L)/(L sin(pi f)))^2: between 0 and 1 everywhere, second order at the low
 * end, and of linear phase. A causal Butterworth moves and reshapes potentials, and turns
 * the edge of an artefact into something that looks like one (Jahanmiri-Nezhad 2015);
 * this one delays everything by the same length, 28 ms. In integers the sums are exact:
 * nothing drifts in a recording of days.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "detect-private.h"

/* 1 - sinc(x)^2 = 1/sqrt(2) at x = 0.5611 */
#define HALF_POWER_CYCLES 0.5611

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

int highpass_init(Highpass *h, unsigned length, double lsb_uv) {
        *h = (Highpass) {
                .length = length,
                .samples = calloc(length, sizeof *h->samples),
                .sums = calloc(length, sizeof *h->sums),
                .gain = (float) (lsb_uv / ((double) length * length)),
        };
        return h->samples && h->sums ? 0 : -ENOMEM;
}

void highpass_done(Highpass *h) {
        free(h->samples);
        free(h->sums);
}

/* As if the first sample had always been there: no step, no transient. */
void highpass_restart(Highpass *h, int32_t first) {
        h->sum = (int64_t) first * h->length;
        h->sum_of_sums = h->sum * h->length;
        for (unsigned i = 0; i < h->length; i++) {
                h->samples[i] = first;
                h->sums[i] = h->sum;
        }
        h->next = 0;
}

/* In microvolts, length - 1 frames late. */
float highpass_next(Highpass *h, int32_t sample) {
        unsigned i = h->next, oldest = i + 1 < h->length ? i + 1 : 0;

        h->sum += (int64_t) sample - h->samples[i];
        h->samples[i] = sample;
        h->sum_of_sums += h->sum - h->sums[i];
        h->sums[i] = h->sum;
        h->next = oldest;

        /* the sample that leaves next is length - 1 frames old: the middle of the triangle */
        int64_t middle = (int64_t) h->samples[oldest] * h->length * h->length;
        return (float) (middle - h->sum_of_sums) * h->gain;
}

/* What the latest sample was freed of, in microvolts. */
float highpass_low(const Highpass *h) {
        return (float) h->sum_of_sums * h->gain;
}
