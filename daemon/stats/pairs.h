/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which sessions are compared with which: each once, with the nearest earlier one of the other sort (after
 * an entry of the kind, or not) that is 2 to 4 days away at about the same time of day and has a site in
 * common. Yesterday's is left out, as relief is taken because yesterday was bad, and the day after is better
 * by itself.
 *
 * Nothing here knows a rate: which pairs there are must not depend on what they say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIRS_DAYS_MIN 2
#define PAIRS_DAYS_MAX 4
#define PAIRS_HOURS 4.0         /* at most this much earlier or later in the day: raising it finds more */

typedef struct PairsSession {
        double start_days;      /* local time, in days since any day */
        bool exposed;
        bool used;              /* in a pair already, or unfit for one */
        uint64_t sites;         /* a bit each */
} PairsSession;

bool pairs_match(const PairsSession *a, const PairsSession *b);

/* The partner of the newest, which is sessions[n - 1] and not before any other; -1: none. Marks nothing. */
int pairs_partner(const PairsSession *sessions, size_t n);

/* One site of a pair: events above the common floor and the exposure they were found in, in either session.
 * */
typedef struct PairsCounts {
        double events, exposure_min;            /* exposed session */
        double events_other, exposure_min_other;
} PairsCounts;

/*
 * d = log of the rate ratio exposed / other, sites held apart: Mantel & Haenszel's estimate for rates
 * (Greenland & Robins, Biometrics 1985;41:55), with a quarter added on either side (half an event for one
 * site and equal exposures), so that it exists for no events, too. Swapping the sessions changes its sign
 * and nothing else.
 *
 * -ENODATA: no site with exposure in both.
 */
int pairs_difference(const PairsCounts *sites, size_t n, double *ret_d);
