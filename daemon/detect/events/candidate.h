/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a candidate event that is closed, but perhaps part of something longer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/detect/base/intervals.h"
#include "daemon/detect/detect.h"
#include "notice-ids.h"

#define BESIDE_MAX 8u
#define TRAIN_MIN 10u                   /* discharges */

typedef enum CandidateClass {           /* what is known of it while it waits */
        CLASS_FASCICULATION,            /* discharges of one unit, few */
        CLASS_UNCLASSIFIED,             /* of one unit or not: no kind can be told */
        CLASS_MULTIUNIT_BURST,          /* of many units at once, short */
        CLASS_UNIT_TRAIN,               /* of one unit, again and again */
        CLASS_GROUPED,                  /* of one unit, group after group */
        CLASS_HIGH_FREQUENCY,           /* of one unit, overlapping */
        CLASS_MULTISITE_JERK,           /* bursts of several sites */
        CLASS_CONTRACTION,              /* of many units, sustained */
} CandidateClass;

typedef struct CandidateEvent {
        bool used;
        CandidateClass class;
        NoticeIds notices;
        size_t n_channels;
        unsigned channels[DETECT_EVENT_CHANNELS_MAX];   /* the strongest first */
        unsigned units[DETECT_EVENT_CHANNELS_MAX];      /* as each of them numbers them; 0: none */
        double lags[DETECT_EVENT_CHANNELS_MAX]; /* steps; NAN: not known */
        /* the channel itself; the other way round: not */
        double contraction_from[DETECT_EVENT_CHANNELS_MAX], contraction_to[DETECT_EVENT_CHANNELS_MAX];
        unsigned n_beside, beside[BESIDE_MAX];  /* busy channels that see the same muscle */
        bool accompanied;               /* another muscle worked for most of the time */
        double peak, onset, end, last_peak;     /* steps */
        float amplitude_uv, snr;
        unsigned n_discharges;
        IntervalStats intervals;        /* of discharges */
        unsigned n_groups, least_in_group;
        IntervalStats groups;
        double last_group;              /* beginning */
        int before;                     /* index of the one of the same unit before it, or -1 */
        double deadline;                /* step at which it is decided if nothing comes */
        bool near_threshold;            /* a train of which only parts are seen */
        bool slow;                      /* as a heartbeat is */
        bool was_beat;                  /* a heart is known now, and this was of it */
        bool continued;                 /* its beginning has been reported */
} CandidateEvent;

typedef struct Candidates {             /* closed, but perhaps part of something longer */
        CandidateEvent *waiting;        /* [size] */
        unsigned size, n;
        double next_deadline;
} Candidates;
