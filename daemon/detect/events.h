/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events.c: discharges close in time, also of neighbouring channels, become one happening. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "chain.h"
#include "discharge.h"
#include "notice-ids.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

#define EVENTS_NEXT_S 0.5               /* a unit's next discharge, in a train of 4 a second with its jitter */
#define EVENTS_NEXT_GROUP_S 2.6         /* its next group */
#define EVENTS_BESIDE_WORK_S 0.5        /* what is so near to a contraction belongs to it */

typedef struct OpenEvent {
        unsigned n_chains;              /* 0: free */
        NoticeIds notices;
        double last;                    /* peak of any channel, or end of what is longer than a discharge; steps */
        bool waiting;                   /* a channel is not through with its signal */
        bool sustained;
} OpenEvent;

typedef struct Events {
        OpenEvent *open;                /* [n_channels] */
        unsigned n_open;
        uint64_t n_ids;                 /* given so far, to notices and events */
        double gap, sustained_gap, sustained_length, long_length;       /* steps */
        double beat, beat_period;       /* the latest heartbeat any channel knows, steps */
        double beat_width, beat_length, beat_wake, burst_length, after_burst, after_work;
        double neighbour_lag, common_lag, train_length, train_interval, bump_apart, settle;
        double notice_wait, notice_wait_heart, look_apart, alone, refractory, next, cluster, brief, chain_length_max;
} Events;

int events_init(Detector *d);
void events_done(Detector *d);
void events_discharges(Detector *d, unsigned channel, const Discharge *discharges, size_t n);
void events_statistic(Detector *d, unsigned channel, double step, float statistic);
void events_sustained(Detector *d, unsigned channel, double step);
void events_step(Detector *d, double step);     /* report what is decided by now */
void events_drop(Detector *d, unsigned channel, NoticeIds *notices);
void events_retract(Detector *d, unsigned channel, NoticeIds *notices);
void events_restore(Detector *d, unsigned channel, const Chain *before);
void events_flush(Detector *d);
