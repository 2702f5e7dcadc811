/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recurring waveforms of one session ("units"): how often, how large, and their mean shape from the
 * waveforms that were kept. Numbers of units start anew with each session, so that they are never compared
 * between sessions.
 */
#pragma once

#include "past.h"

#define UNITS_MAX 6u                    /* those with the most twitches */
#define UNITS_SAMPLES_MAX 256u
#define UNITS_INTERVAL_BINS 12u         /* up to 0.1 s, each next one to twice as much; last: all others */

typedef struct Unit {
        int64_t part;                   /* row of the session: numbers start anew where it was interrupted, too */
        unsigned channel, number;
        const char *site;
        size_t n, n_waveforms;
        double mean_uv;                 /* of its sizes, peak to peak */
        size_t intervals[UNITS_INTERVAL_BINS];  /* from one to the next */
        unsigned n_samples;             /* of the mean shape; 0: no waveform */
        double duration_ms;             /* of these samples */
        double shape_uv[UNITS_SAMPLES_MAX];
} Unit;

typedef struct Units {
        size_t n;
        Unit items[UNITS_MAX];
} Units;

/* The most frequent first; those that came at least twice. */
int units_read(const Past *p, const PastSession *s, Units *ret);
