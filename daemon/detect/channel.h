/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* channel.c: the state of one channel. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "chain.h"
#include "crossing.h"
#include "crosstalk.h"
#include "discharge.h"
#include "exposure.h"
#include "heart.h"
#include "heartbeat.h"
#include "history.h"
#include "learned.h"
#include "motion.h"
#include "noise.h"
#include "notice-ids.h"
#include "size.h"
#include "units.h"
#include "whiten.h"

typedef struct Detector Detector;

#define BUMPS 16

typedef struct Bump {                   /* the statistic has a maximum, above the threshold or not far below */
        double step;
        float statistic;
} Bump;

#define CHECKPOINTS 16

typedef struct Checkpoint {             /* a channel before a crossing was measured */
        int64_t first;                  /* of the crossing */
        double measured_until;
        Chain chain;
} Checkpoint;

typedef struct Spoilt {                 /* a stretch of an artefact of one channel, under way */
        bool active;
        uint64_t from, to;              /* frames */
        NoticeIds notices;              /* of what it makes unbelievable */
} Spoilt;

enum {                                  /* what was seen at a look */
        LOOK_NOTHING,
        LOOK_CALM,
        LOOK_EVENT,
};

typedef struct Channel {
        bool is_lead_off, is_saturated, is_flat;        /* the latest frame: no measurement */
        bool running;                   /* filters have been started */
        uint64_t stopped_at;            /* frame */
        bool fresh;                     /* start from nothing: what was learned may not hold any more */
        uint64_t started_at;            /* frame */
        uint64_t frames;                /* since then, at the latest step before it has settled */
        uint64_t hold_frames;           /* nothing is believed before so many */
        Spoilt lead_off, saturation;
        uint64_t steps;                 /* since the last fresh start, until settled */
        bool settled;                   /* filters and noise: what is seen is believed */
        History history;
        Noise noise;
        Whiten whiten;
        Crossing crossing;
        NoticeIds kept;                 /* of what is looked at once more */
        double measured_until;          /* step */
        bool sustained;                 /* by the size of the latest block */
        Chain chain;
        Checkpoint checkpoints[CHECKPOINTS];    /* a ring; none is from before the latest end of a chain */
        unsigned n_checkpoints, next_checkpoint;
        Bump bumps[BUMPS];
        unsigned bump_next;
        Units units;
        Learned learned;
        ChannelSize size;
        Heartbeat heartbeat;
        HeartChannel heart;
        Motion motion;
        Crosstalk crosstalk;
        int64_t meet_work_at;           /* step: then those at work meet anew */
        float *look_outputs;            /* ring [n_looks][n_lanes], for the noise to learn from */
        uint8_t *look_states;           /* ring [n_looks] of LOOK_* */
        bool awake;                     /* the statistic is so large that no step is left out */
        double rest_from;               /* step: here the latest burst and what follows it are over */
        bool usable;                    /* at the latest step */
        ChannelExposure exposure;
        uint64_t n_events;
} Channel;

int channel_init(Detector *d, Channel *c, unsigned i);
void channel_done(Channel *c);
bool channel_check(Detector *d, Channel *c, unsigned channel, int32_t code, bool is_lead_off);
void channel_stop(Detector *d, Channel *c, unsigned channel);
void channel_finish(Detector *d, Channel *c, unsigned channel);

float channel_statistic(const Detector *d, const Channel *c, int64_t step, float *ret_outputs);
void channel_forget_looks(const Detector *d, Channel *c);
