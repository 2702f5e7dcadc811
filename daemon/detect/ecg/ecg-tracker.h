/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ecg-tracker.c: the heartbeat learned and subtracted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "beat-locked.h"
#include "slow-beats.h"

typedef struct Detector Detector;

#define ECG_FIRST_BEATS 5
#define ECG_COARSE_POINTS 11
#define ECG_PARTS_MAX 90

typedef struct EcgAlignment {           /* a template moved to a moment between two steps */
        int64_t first;                  /* of its values the first is this step's or lies before it */
        float weights[4];               /* of the values around */
} EcgAlignment;

typedef struct EcgTracker {             /* common to all channels; times and lengths in steps */
        unsigned before, after;         /* R: of a template */
        unsigned complex_before, complex_after;
        unsigned coarse_steps, coarse_fill;
        unsigned part_steps, n_parts;   /* of a template */
        double refractory, lost, out_of_time, slow_wait, slow_beside, slow_precision;
        bool known;
        unsigned n_beats;               /* since it is known */
        double beat, period;            /* R of the latest */
        double beat_before;             /* ... and of the one before */
        double found_in_band;           /* the latest that was, or the first of all */
        EcgAlignment alignment;         /* of it */
        double extent_before, extent_after;     /* of it what is subtracted */
        bool beat_under_way;            /* the latest is not over */
        bool half_learned;
        SlowBeats slow;
        double slow_lag, n_slow_lags;   /* in the band beats are found so much later; by so many */
        bool slow_beat;                 /* there has been one, not looked at yet */
        bool candidate;
        float candidate_match;
        double candidate_beat;
        unsigned candidate_age;
} EcgTracker;

typedef struct EcgTemplate {
        unsigned n_beats;               /* the template was learned from, up to a limit */
        float *template;                /* [before + after] microvolts */
        float *firsts;                  /* [ECG_FIRST_BEATS][before + after] */
        float scale, scale_variance;    /* of the beat under way, to the template */
        float residual[ECG_PARTS_MAX];  /* what typically is left of a part of a beat, microvolts */
        float weight[ECG_PARTS_MAX];    /* 0 .. 1: noise alone leaves such a share of it */
        float coarse[ECG_COARSE_POINTS], coarse_sum;    /* the latest signal, coarse */
        /* the template there; sum of magnitudes */
        float coarse_template[ECG_COARSE_POINTS], coarse_template_sum;
        float search_weight;            /* of the channel in the search */
        float early; /* statistic that beats have shown lately before their complex; 0: none */
        double early_before;            /* ... so many steps before R */
        BeatLocked locked;
} EcgTemplate;

int ecg_init(EcgTracker *h, unsigned n_channels, double step_rate_hz);
void ecg_done(EcgTracker *h);
int ecg_template_init(const EcgTracker *h, EcgTemplate *c);
void ecg_template_done(EcgTemplate *c);
void ecg_template_restart(const EcgTracker *h, EcgTemplate *c);
void ecg_template_break(EcgTemplate *c);
void ecg_break(EcgTracker *h);
bool ecg_awaited(const EcgTracker *h, double since, double step);
void ecg_early(const EcgTracker *h, EcgTemplate *c, double peak, float statistic);
bool ecg_early_due(const EcgTracker *h, const EcgTemplate *c, double at, float statistic);
double ecg_wait_max(const EcgTracker *h);
double ecg_wait(const EcgTracker *h);
float ecg_weight(const EcgTracker *h, const EcgTemplate *c, int64_t step, unsigned n_steps);
double ecg_likeness(const EcgTracker *h, const EcgTemplate *c, const double *waveform, unsigned n,
                    float sigma_uv);
float ecg_subtract(const EcgTracker *h, const EcgTemplate *c, int64_t step, float x);

void ecg_found(Detector *d, double peak, double period, bool even, int64_t step);
bool ecg_near_unsubtracted_beat(const Detector *d, unsigned channel, double step, double within_steps);
bool ecg_at_slow_beat(const EcgTracker *h, unsigned channel, double step, float amplitude_uv);
bool ecg_is_locked(const EcgTracker *h, EcgTemplate *c, double step, float uv, double step_rate_hz);
bool ecg_step(Detector *d, int64_t step, int64_t *ret_from);
