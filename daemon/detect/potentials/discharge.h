/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* discharge.c: what stands out: peak, onset, end, amplitude. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/detect/base/history.h"

#define DISCHARGE_GAP_S 0.110           /* discharges of one unit this close are one event */
#define DISCHARGES_MAX 8                /* told apart within one crossing of the threshold */

/*
 * Of the samples around a peak the one counts that noise has raised most: the extremes lie further apart by
 * so much, from 5 to 50 standard deviations and at 1000 and 2000 steps a second. Of a potential alone they
 * lie nearer by what the high-pass, which is not as steep as the edge of a band, takes away. Counted on the
 * generator's training seeds.
 */
#define DISCHARGE_EXTREMES_SIGMA 1.05f
#define DISCHARGE_HIGHPASS 1.015f
#define WAVEFORM_POINTS 33              /* around the peak ... */
#define WAVEFORM_S 0.016f               /* ... over that time: to compare discharges of a unit */

typedef struct Discharge {
        double peak, onset, end;        /* steps */
        float amplitude_uv;
        float snr;
        float waveform[WAVEFORM_POINTS];
} Discharge;

float discharge_half_width_s(const float *waveform);
float discharge_similarity(const float *a, const float *b);
size_t discharges_measure(const History *h, int64_t from, int64_t to, float sigma_uv, float snr,
                          double step_rate_hz, Discharge ret[static DISCHARGES_MAX]);
