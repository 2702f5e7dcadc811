/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exposure.c: in which time a twitch would have been seen. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/detect/events/candidate.h"
#include "detect.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

#define EXPOSURE_REST _EXCLUSION_MAX    /* a state of a channel: this, or an Exclusion */
#define EXPOSURE_SPANS 128u             /* remembered, until they are decided or too many */

typedef struct ExposureSpan {           /* ends where the next one begins; the latest goes on */
        double from;                    /* frame position */
        uint8_t state;
} ExposureSpan;

typedef struct ExposureMinute {
        double frames[_EXCLUSION_MAX + 1];      /* by state: spans that are not remembered any more */
        double voluntary_frames;
        double noise_uv, floor_uv;      /* sums of evaluations */
        unsigned n_evals;
        unsigned n_events, n_twitches;
} ExposureMinute;

typedef struct ChannelExposure {
        uint8_t state;                  /* of the latest span */
        uint8_t unusable;               /* the state while the channel is not usable */
        unsigned n_spans;
        ExposureSpan spans[EXPOSURE_SPANS];
        ExposureMinute minutes[DETECT_MINUTES_PENDING]; /* by their index modulo their number */
        unsigned n_minutes, n_voluntary;        /* given */
        double frames;                  /* exposure in them */
        double rest_frames;
        uint64_t rest_twitches;
} ChannelExposure;

typedef struct Exposure {
        double minute_frames;
        uint64_t first;                 /* index of the first minute that is not given yet */
        int64_t evaluate_at;            /* step */
        unsigned eval_steps;
} Exposure;

/* exposure.c: from_step and so on as the signal has them, whatever the delay */
void exposure_init(Detector *d);
void exposure_set(const Detector *d, ChannelExposure *e, double frame, uint8_t state);
void exposure_exclude(Detector *d, Channel *c, double from_step, double to_step, Exclusion why);
void exposure_stop(Detector *d, Channel *c);
void exposure_invalid(Detector *d, Channel *c, Exclusion why);
void exposure_resume(Detector *d, Channel *c);
void exposure_gap(Detector *d, uint64_t n_frames);
void exposure_event(Detector *d, const CandidateEvent *h, EventKind kind);
void exposure_sample(Detector *d);
void exposure_finish(Detector *d);
double exposure_s(const Detector *d, const Channel *c);

/* The smallest potential that is found 9 times in 10, peak to peak, 20-450 Hz. The noise has to be known. */
double exposure_floor_uv(const Detector *d, const Channel *c);
