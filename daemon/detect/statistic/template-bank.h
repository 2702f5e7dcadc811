/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* template-bank.c: matched filters for motor unit potentials. */
#pragma once

#include <stddef.h>

#include "daemon/detect/base/simd.h"

typedef struct TemplateBank {
        unsigned n_taps;                /* a multiple of 4 */
        unsigned n_lanes;               /* templates x shifts below one step; a multiple of 8 */
        unsigned n_templates;
        float *taps;                    /* [n_lanes/8][n_taps][8], each lane of unit energy */
        float *peak_to_peak;            /* [n_templates] of the unit-energy waveform */
        double *crossing_hz;            /* [n_templates] of the outputs' magnitudes, see template-bank.c */
        float *weights;                 /* [n_lanes] of the outputs, at most 1 */
} TemplateBank;

int template_bank_init(TemplateBank *b, double step_rate_hz, double highpass_frames_s);
void template_bank_done(TemplateBank *b);
double template_bank_threshold(const TemplateBank *b, double per_hour);
double template_bank_floor_uv(const TemplateBank *b, const float *taps, const float *inverse,
                              double threshold);
static inline float template_bank_tap(const TemplateBank *b, const float *taps, unsigned lane, unsigned i) {
        return taps[((size_t) (lane / 8) * b->n_taps + i) * 8 + lane % 8];
}

static ALWAYS_INLINE void template_bank_add_four(const float *taps, const float *window, f32x8 *sum) {
        sum[0] += *(const f32x8*) taps * window[0];
        sum[1] += *(const f32x8*) (taps + 8) * window[1];
        sum[2] += *(const f32x8*) (taps + 16) * window[2];
        sum[3] += *(const f32x8*) (taps + 24) * window[3];
}

static ALWAYS_INLINE void template_bank_outputs_of(unsigned n_taps, unsigned n_lanes, const float *taps,
                                                   const float *window, const float *inverse, float *ret,
                                                   f32x8 *ret_largest) {
        f32x8 largest = { 0 };

        for (unsigned lane = 0; lane < n_lanes; lane += 8, taps += 8 * n_taps) {
                f32x8 sum[4] = { { 0 } };

                /* Four sums: an addition need not wait for the one before. */
#pragma GCC unroll 8
                for (unsigned i = 0; i < n_taps; i += 4)
                        template_bank_add_four(taps + 8 * i, window + i, sum);
                sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
                *(f32x8*) (ret + lane) = sum[0];
                sum[0] = F32X8_ABS(sum[0]) * *(const f32x8*) (inverse + lane);
                largest = F32X8_SELECT(sum[0] > largest, sum[0], largest);
        }
        *ret_largest = largest;
}

/*
 * All outputs of these filters, n_lanes a multiple of 8, at this step: taps in the layout of
 * TemplateBank.taps, the window [n_taps] oldest first. The largest magnitudes times inverse are left in
 * eight parts: see f32x8_max().
 */
static ALWAYS_INLINE void template_bank_outputs(unsigned n_taps, unsigned n_lanes, const float *taps,
                                                const float *window, const float *inverse, float *ret,
                                                f32x8 *ret_largest) {
        if (n_lanes == 8 && n_taps == 32)       /* 1000 steps a second, as constants */
                template_bank_outputs_of(32, 8, taps, window, inverse, ret, ret_largest);
        else if (n_lanes == 8 && n_taps == 64)  /* 2000 */
                template_bank_outputs_of(64, 8, taps, window, inverse, ret, ret_largest);
        else
                template_bank_outputs_of(n_taps, n_lanes, taps, window, inverse, ret, ret_largest);
}
