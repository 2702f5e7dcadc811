/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slow-qrs.c: is there a heart in what one channel has below 20 Hz? */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Measured: of 60 to 140 ms a QRS complex leaves that much below 20 Hz. */
#define SLOW_TICK_S 0.01                /* times below are in ticks */
#define SLOW_QRS_POINTS 13u             /* around R */
#define SLOW_QRS_BEFORE 7u
#define SLOW_QRS_AFTER (SLOW_QRS_POINTS - 1 - SLOW_QRS_BEFORE)
#define SLOW_QRS_RING 1024u             /* 10 s; a power of two */
#define SLOW_QRS_BEATS 12u

typedef struct SlowQrs {
        float average_uv[2];            /* what is no beat any more */
        float uv[SLOW_QRS_RING];        /* the latest signal, without these */
        int64_t since, tick;            /* the first and the latest of it */
        float level_uv;                 /* median of the magnitude of its curvature */
        float curvature_uv[3];          /* the latest ones */
        float best_uv;                  /* of a peak under way; 0: there is none */
        double best_at;
        unsigned best_age;
        float waveform_uv[SLOW_QRS_POINTS];     /* mean of beats alike */
        unsigned n_alike, n_even, n_odd;        /* in a row */
        double beats[SLOW_QRS_BEATS];   /* those alike, the latest first */
        float size_uv;                  /* their curvature, on average */
        double period;
} SlowQrs;

void slow_qrs_restart(SlowQrs *q, float low_uv, int64_t tick);
bool slow_qrs_next(SlowQrs *q, float low_uv, int64_t tick);
/* So many beats in a row are alike, the latest of them so long ago. */
static inline unsigned slow_qrs_n_alike(const SlowQrs *q, double *ret_ago) {
        *ret_ago = (double) q->tick - q->beats[0];
        return q->n_alike;
}
float slow_qrs_slope(const SlowQrs *q, double tick);
/* The same up to the latest tick */
static inline float slow_qrs_latest_slope(const SlowQrs *q) {
        float now = q->uv[q->tick & (SLOW_QRS_RING - 1)];

        return q->tick > q->since ? now - q->uv[(q->tick - 1) & (SLOW_QRS_RING - 1)] : now;
}
float slow_qrs_peak_to_peak(const SlowQrs *q, double tick);
float slow_qrs_curvature(const SlowQrs *q, double tick);
