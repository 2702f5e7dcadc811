/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* heart.c: the heartbeat learned and subtracted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Detector Detector;

#define HEART_FIRST_BEATS 5
#define HEART_SCOUTS 11
#define HEART_PARTS_MAX 90

typedef struct HeartPlace {             /* a template moved to a moment between two steps */
        int64_t first;                  /* of its values the first is this step's or lies before it */
        float weights[4];               /* of the values around */
} HeartPlace;

typedef struct Heart {                  /* common to all channels; times and lengths in steps */
        unsigned before, after;         /* R: of a template */
        unsigned complex_before, complex_after;
        unsigned scout_steps, scout_fill;
        unsigned part_steps, n_parts;   /* of a template */
        double refractory, lost;
        bool known;
        unsigned n_beats;               /* since it is known */
        double beat, period;            /* R of the latest */
        HeartPlace place;               /* of it */
        double own_before, own_after;   /* of it what is subtracted */
        bool beat_under_way;            /* the latest is not over */
        bool half_learned;
        bool candidate;
        float candidate_match;
        double candidate_beat;
        unsigned candidate_age;
} Heart;

typedef struct HeartChannel {
        unsigned n_beats;               /* the template was learned from, up to a limit */
        float *template;                /* [before + after] microvolts */
        float *firsts;                  /* [HEART_FIRST_BEATS][before + after] */
        float size, size_variance;      /* of the beat under way, to the template */
        float left[HEART_PARTS_MAX];    /* what typically is left of a part of a beat, microvolts */
        float trust[HEART_PARTS_MAX];   /* 0 .. 1: noise alone leaves such a share of it */
        float scouts[HEART_SCOUTS], scout_sum;          /* the latest signal, coarse */
        float wanted[HEART_SCOUTS], wanted_sum;         /* the template there; sum of magnitudes */
        float weight;                   /* of the channel in the search */
        float early;                    /* statistic that beats have shown lately before their complex; 0: none */
        double early_before;            /* ... so many steps before R */
} HeartChannel;

void heart_init(Heart *h, double step_rate_hz);
int heart_channel_init(const Heart *h, HeartChannel *c);
void heart_channel_done(HeartChannel *c);
void heart_channel_restart(const Heart *h, HeartChannel *c);
void heart_channel_break(HeartChannel *c);
void heart_break(Heart *h);
bool heart_awaited(const Heart *h, double since, double step);
void heart_early(const Heart *h, HeartChannel *c, double peak, float statistic);
bool heart_early_due(const Heart *h, const HeartChannel *c, double at, float statistic);
double heart_wait(const Heart *h);
float heart_trust(const Heart *h, const HeartChannel *c, int64_t step, unsigned n_steps);
double heart_likeness(const Heart *h, const HeartChannel *c, const double *shape, unsigned n, float sigma_uv);
float heart_subtract(const Heart *h, const HeartChannel *c, int64_t step, float x);

void heart_found(Detector *d, double peak, double period, bool even, int64_t step);
bool heart_step(Detector *d, int64_t step, int64_t *ret_from);
