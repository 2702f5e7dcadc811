/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is what is felt what is there? A mark is made after the twitch it means. Some marks follow a measured
 * twitch by chance alone, the more so the more there are: that share is counted and taken off.
 *
 * Times are seconds from any moment, rising, of one stretch of a session that was watched without a break;
 * both kinds only from sites with electrodes.
 */
#pragma once

#include <stddef.h>

#include "quantiles.h"

/* A twitch belongs to a mark that comes at most this much later. Raising it loses fewer slow hands and lets
 * more coincidences in. */
#define FELT_WITHIN_S 2.0

/* Chance is judged in this much time on either side, so that a mark in a busy minute is compared with that
 * minute, and not within FELT_APART_S, where the answer itself is. */
#define FELT_AROUND_S 120.0
#define FELT_APART_S 5.0

typedef struct Felt {
        double marks, marks_met;                /* with a measured twitch in the FELT_WITHIN_S before */
        double marks_by_chance;                 /* expected of these if marks fell anywhere around */
        double twitches, twitches_felt;         /* with a mark in the FELT_WITHIN_S after */
        double twitches_by_chance;
} Felt;

typedef struct FeltTimes {
        const double *s;
        size_t n;
} FeltTimes;

/* Adds one stretch, [from_s, to_s], to what is there. */
void felt_add(Felt *f, FeltTimes marks, FeltTimes twitches, double from_s, double to_s);

/*
 * Share beyond chance: (share - chance) / (1 - chance), which is the share of marks that mean a measured
 * twitch if the others fall anywhere; the interval is that of the share (stats_share()), taken through the
 * same formula and never below 0. Chance counts as known.
 */
StatsShare felt_share_of_marks(const Felt *f, double confidence);
StatsShare felt_share_of_twitches(const Felt *f, double confidence);
