/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* motion.c: what the signal below the band says of a movement. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/detect/base/history.h"

#define MOTION_HOPS 100                 /* remembered, 10 ms each */
#define MOTION_BEAT_HOPS 86             /* of a heartbeat's template */

typedef struct Motion {
        unsigned hop_steps, fill;
        float gain;                     /* of the averages, per hop */
        float slow_uv[2];
        float above, sum;               /* in the band, of the hop under way: of squares, of values */
        float low_uv[MOTION_HOPS], high[MOTION_HOPS];   /* rings: what is below 20 Hz; energy above */
        float sums[MOTION_HOPS];        /* ring: of values above */
        unsigned next, n_hops;
        float typical;                  /* energy below 20 Hz of a hop, exceeded a tenth of the time */
        int64_t end;                    /* step behind the latest */
        bool baseline_sway, loud;
        int64_t baseline_sway_at, loud_at;      /* end when that was found out */
        float beat_uv[MOTION_BEAT_HOPS];        /* a heartbeat below 20 Hz, from before its R wave on */
        unsigned n_beats;               /* it was learned from, up to a limit */
        unsigned n_outlier_beats;       /* in a row, that it was not */
        bool beat_under_way;
        double beat;                    /* R of the latest, step */
        int beat_first, beat_end;       /* hops of the template that are its own */
} Motion;

void motion_init(Motion *m, double step_rate_hz);
void motion_restart(Motion *m, float low_uv, int64_t step);
void motion_tick(Motion *m, float low_uv);
/* y: the signal above the high-pass, without mains and heart. True when motion_tick() is due. */
static inline bool motion_add(Motion *m, float y) {
        m->above += y * y;
        m->sum += y;
        m->end++;
        return ++m->fill >= m->hop_steps;
}
void motion_beat(Motion *m, double beat, double period, const History *h);
void motion_forget_beats(Motion *m);
bool motion_between(const Motion *m, double from, double to);
bool motion_is_baseline_sway(Motion *m);
bool motion_is_loud(Motion *m, float uv);
float motion_level_uv(const Motion *m);
