/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slow-beats.c: heartbeats by what all channels together have below 20 Hz. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/detect/base/history.h"
#include "slow-qrs.h"

#define SLOW_BEATS_KEPT 40u             /* more than the quickest heart makes in SLOW_QRS_RING */

typedef struct SlowChannel {
        SlowQrs qrs;
        bool runs;                      /* has been pushed in this tick */
        float slope_level_uv;           /* median of the magnitude of the slope */
        float slopes_uv[SLOW_QRS_POINTS];       /* of a beat */
        float weight;                   /* 1 over the variance of noise; 0: it has no say */
        float energy;                   /* of these slopes, microvolts squared */
        float curvature;                /* of beats, to the level of the channel */
} SlowChannel;

typedef struct SlowBeats {              /* times in ticks */
        unsigned n_channels;
        SlowChannel *channels;
        unsigned tick_steps;
        const SlowChannel *proposer;      /* sees beats alike; NULL: none does */
        int64_t tick;                   /* the latest */
        bool known, is_new;             /* there is a heart; since this tick */
        double beats[SLOW_BEATS_KEPT];  /* the latest first */
        unsigned n_beats;
        double period;
        unsigned n_even;                /* gaps in a row of that length */
        float level;                    /* median of the magnitude of the statistic */
        float typical;                  /* statistic of a beat */
        float beat_size;                /* that of the latest one */
        float latest[3], best, best_likeness;
        double best_at;
        unsigned best_age;
} SlowBeats;

int slow_beats_init(SlowBeats *b, unsigned n_channels, double step_rate_hz);
void slow_beats_done(SlowBeats *b);
void slow_beats_restart(SlowBeats *b, unsigned channel, float low_uv, int64_t step);
/* Every tick_steps: each channel that runs, then all together. True: there was a beat. */
void slow_beats_begin(SlowBeats *b, int64_t step);
void slow_beats_push(SlowBeats *b, unsigned channel, float low_uv, const History *in_band, float sigma_uv);
bool slow_beats_end(SlowBeats *b);
static inline bool slow_beats_due(const SlowBeats *b, int64_t step) {
        return step % b->tick_steps == 0;
}
static inline bool slow_beats_known(const SlowBeats *b) {
        return b->known;
}
/* Since this tick. */
static inline bool slow_beats_is_new(const SlowBeats *b) {
        return b->is_new;
}
double slow_beats_step(const SlowBeats *b);     /* the latest one */
double slow_beats_period_steps(const SlowBeats *b);
bool slow_beats_is_sure(const SlowBeats *b);
bool slow_beats_is_even(const SlowBeats *b);
double slow_beats_since(const SlowBeats *b, double step);
bool slow_beats_near(const SlowBeats *b, double step, double within_steps);
/* There may be a heart that is not known yet. */
bool slow_beats_suspected(const SlowBeats *b);
/* in_band_uv, of what is seen there: peak to peak. */
bool slow_beats_like_qrs(const SlowBeats *b, unsigned channel, double step, float in_band_uv);
