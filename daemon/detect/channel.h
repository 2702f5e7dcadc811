/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* channel.c: the state of one channel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/detect/artefacts/crosstalk.h"
#include "daemon/detect/artefacts/motion.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/ecg/qrs-detector.h"
#include "daemon/detect/events/activity.h"
#include "daemon/detect/events/notice-ids.h"
#include "daemon/detect/potentials/amplitude.h"
#include "daemon/detect/potentials/discharge.h"
#include "daemon/detect/potentials/unit-templates.h"
#include "daemon/detect/potentials/units.h"
#include "daemon/detect/statistic/level.h"
#include "daemon/detect/statistic/noise.h"
#include "daemon/detect/statistic/whiten.h"
#include "crossing.h"
#include "exposure.h"
#include "hum-correction.h"

typedef struct Detector Detector;

#define SUBTHRESHOLD_PEAKS 16

typedef struct SubthresholdPeak { /* the statistic has a maximum, above the threshold or not far below */
        double step;
        float statistic;
} SubthresholdPeak;

#define CHECKPOINTS 16

typedef struct Checkpoint {             /* a channel before a crossing was measured */
        int64_t first;                  /* of the crossing */
        double measured_until;
        Activity activity;
} Checkpoint;

typedef struct InvalidInterval {        /* a stretch of an artefact of one channel, under way */
        bool active;
        uint64_t from, to;              /* frames */
        NoticeIds notices;              /* of what it makes unbelievable */
} InvalidInterval;

enum {                                  /* what was seen at an evaluation */
        EVAL_NOTHING,
        EVAL_CALM,
        EVAL_EVENT,
};

typedef struct Channel {
        bool is_lead_off, is_saturated, is_flat;        /* the latest frame: no measurement */
        bool running;                   /* filters have been started */
        uint64_t stopped_at;            /* frame */
        bool fresh;                     /* start from nothing: what was learned may not hold any more */
        uint64_t started_at;            /* frame */
        uint64_t frames;                /* since then, at the latest step before it has settled */
        uint64_t hold_frames;           /* nothing is believed before so many */
        InvalidInterval lead_off, saturation;
        uint64_t steps;                 /* since the last fresh start, until settled */
        bool settled;                   /* filters and noise: what is seen is believed */
        History history;
        Noise noise;
        Level level;
        Whiten whiten;
        Crossing crossing;
        NoticeIds kept;                 /* of what is looked at once more */
        double measured_until;          /* step */
        bool sustained;                 /* by the size of the latest block */
        Activity activity;
        Checkpoint checkpoints[CHECKPOINTS]; /* a ring; none is from before the latest end of an activity */
        unsigned n_checkpoints, next_checkpoint;
        SubthresholdPeak subthreshold_peaks[SUBTHRESHOLD_PEAKS];
        unsigned subthreshold_next;
        Units units;
        UnitTemplates unit_templates;
        AmplitudeEstimator amplitude;
        QrsDetector qrs;
        EcgTemplate ecg;
        Motion motion;
        Hum hum;
        int64_t tones_look_at;          /* step of the next look at them when it is not at rest */
        unsigned tone_found_steps;      /* not 0: for so long there has been a tone, as is known now */
        unsigned tone_fits;             /* how often its tones have been measured since it was started */
        Crosstalk crosstalk;
        int64_t meet_work_at;           /* step: then those at work meet anew */
        float *eval_outputs;            /* ring [n_evals][n_lanes], for the noise to learn from */
        uint8_t *eval_states;           /* ring [n_evals] of EVAL_* */
        bool at_full_rate;              /* the statistic is so large that no step is left out */
        double post_activity_until;     /* step: here the latest burst and what follows it are over */
        bool usable;                    /* at the latest step */
        ChannelExposure exposure;
        uint64_t n_events;
} Channel;

int channel_init(Detector *d, Channel *c, unsigned i);
void channel_done(Channel *c);
bool channel_check(Detector *d, Channel *c, unsigned channel, int32_t code, bool is_lead_off);
void channel_stop(Detector *d, Channel *c, unsigned channel);
/* What was learned of its noise does not hold: it settles again. */
void channel_relearn(Detector *d, Channel *c);
void channel_begin(Detector *d, Channel *c, unsigned channel);
void channel_finish(Detector *d, Channel *c, unsigned channel);

float channel_statistic(const Detector *d, const Channel *c, int64_t step, float *ret_outputs);
void channel_forget_evals(const Detector *d, Channel *c);
