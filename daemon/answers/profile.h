/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The twitch profile of a period: what is on page 1 of the report, as numbers. Always the same, in the same
 * order, after the glucose profile that every clinician can read (AGP): is there enough, few numbers, days,
 * hours, single days.
 */
#pragma once

#include "agree.h"
#include "goes.h"
#include "trend.h"

#define PROFILE_DAYS 14
#define PROFILE_SESSIONS_MIN 5u         /* with fewer, or less rest at every site, there is no profile */
#define PROFILE_REST_MIN 100.0
#define PROFILE_HOUR_SESSIONS 5u        /* a band in the plot of the hours */

typedef struct Spread {
        size_t n;
        double median, q1, q3, least, most;     /* NAN: none */
} Spread;

typedef struct ProfileSite {
        const char *name;
        size_t n_sessions, n_noisy;
        bool enough;
        double rest_min, twitches;
        Spread rate;                    /* of its sessions, a minute, above the common floor */
        Spread size_uv;                 /* of its twitches above it: middles of steps of 1 dB */
        double several_percent, runs;
        double interval_s;              /* median between twitches of one session; NAN: none */
        double floor_low_uv, floor_high_uv;
} ProfileSite;

typedef struct ProfileDay {
        int64_t day;                    /* since 1970, local */
        size_t n_sessions;
        size_t first;                   /* of the Past's sessions that day; they follow one another */
} ProfileDay;

typedef struct Profile {
        int64_t from_usec, to_usec;
        int n_days;
        size_t n_days_measured, n_excluded_sessions;
        bool enough;
        Trend trend;                    /* by session, all sites */
        Spread hours[24];               /* of what sessions have in that hour */
        size_t n_sites;
        ProfileSite *sites;             /* the most twitches a minute first */
        size_t n_rasters;
        ProfileDay rasters[PROFILE_DAYS];       /* the last days of the period */
        Agree agree;
        size_t n_goes;
        Goes *goes;
} Profile;

int profile_compute(const Past *p, int64_t from_usec, int64_t to_usec, Profile *ret);
void profile_done(Profile *f);
