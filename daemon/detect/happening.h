/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a happening that is closed, but perhaps part of something longer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "detect.h"
#include "notice-ids.h"
#include "rhythm.h"

#define BESIDE_MAX 8u
#define TRAIN_MIN 10u                   /* discharges */

typedef enum HappeningForm {            /* what is known of it while it waits */
        FORM_TWITCH,                    /* discharges of one unit, few */
        FORM_OTHER,                     /* of one unit or not: no kind can be told */
        FORM_BURST,                     /* of many units at once, short */
        FORM_TRAIN,                     /* of one unit, again and again */
        FORM_GROUPS,                    /* of one unit, group after group */
        FORM_TONE,                      /* of one unit, overlapping */
        FORM_JERK,                      /* bursts of several sites */
        FORM_WORK,                      /* of many units, sustained */
} HappeningForm;

typedef struct Happening {
        bool used;
        HappeningForm form;
        NoticeIds notices;
        size_t n_channels;
        unsigned channels[DETECT_EVENT_CHANNELS_MAX];   /* the strongest first */
        unsigned units[DETECT_EVENT_CHANNELS_MAX];      /* as each of them numbers them; 0: none */
        double lags[DETECT_EVENT_CHANNELS_MAX];         /* steps; NAN: not known */
        double work_from[DETECT_EVENT_CHANNELS_MAX], work_to[DETECT_EVENT_CHANNELS_MAX];        /* the channel itself; the other way round: not */
        unsigned n_beside, beside[BESIDE_MAX];          /* busy channels that see the same muscle */
        bool accompanied;               /* another muscle worked for most of the time */
        double peak, onset, end, last_peak;             /* steps */
        float amplitude_uv, snr;
        unsigned n_discharges;
        Rhythm rhythm;                  /* of discharges */
        unsigned n_groups, least_in_group;
        Rhythm groups;
        double last_group;              /* beginning */
        int before;                     /* index of the one of the same unit before it, or -1 */
        double due;                     /* step at which it is decided if nothing comes */
        bool faint;                     /* a train of which only parts are seen */
        bool slow;                      /* as a heartbeat is */
        bool continued;                 /* its beginning has been reported */
} Happening;

typedef struct Happenings {             /* closed, but perhaps part of something longer */
        Happening *waiting;             /* [size] */
        unsigned size, n;
        double next_due;
} Happenings;
