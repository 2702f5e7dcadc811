/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* assembly.c: discharges close in time, also of neighbouring channels, become one candidate event. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/detect/potentials/discharge.h"
#include "activity.h"
#include "notice-ids.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

#define UNIT_NEXT_S 0.5 /* a unit's next discharge, in a train of 4 a second with its jitter */
#define UNIT_NEXT_GROUP_S 2.6           /* its next group */
#define BESIDE_CONTRACTION_S 0.5        /* what is so near to a contraction belongs to it */

typedef struct MultichannelActivity {
        unsigned n_activities;          /* 0: free */
        NoticeIds notices;
        double last; /* peak of any channel, or end of what is longer than a discharge; steps */
        bool waiting;                   /* a channel is not through with its signal */
        bool sustained;
} MultichannelActivity;

typedef struct Assembly {
        MultichannelActivity *open;     /* [n_channels] */
        unsigned n_open;
        uint64_t n_ids;                 /* given so far, to notices and events */
        double gap, sustained_gap, sustained_length, long_length;       /* steps */
        double beat, beat_period;       /* the latest heartbeat any channel knows, steps */
        double beat_width, beat_length, beat_tail, burst_length, after_burst, after_contraction;
        double neighbour_lag, common_lag, train_length, train_interval, peak_apart, settle;
        double notice_wait, notice_wait_heart, eval_apart, alone, refractory, next, cluster, brief,
                activity_length_max;
} Assembly;

int assembly_init(Detector *d);
double assembly_peak_every_s(double step_rate_hz); /* noise makes one that is remembered in so long */
void assembly_done(Detector *d);
void assembly_discharges(Detector *d, unsigned channel, const Discharge *discharges, size_t n);
void assembly_statistic(Detector *d, unsigned channel, double step, float statistic);
void assembly_sustained(Detector *d, unsigned channel, double step);
void assembly_step(Detector *d, double step);   /* report what is decided by now */
void assembly_drop(Detector *d, unsigned channel, NoticeIds *notices);
void assembly_retract(Detector *d, unsigned channel, NoticeIds *notices);
void assembly_restore(Detector *d, unsigned channel, const Activity *before);
void assembly_flush(Detector *d);
