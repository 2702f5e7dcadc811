/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the history has of today, site by site: minutes at rest, of sessions that count. */
#pragma once

#include "util.h"

#define TODAY_SITES_MAX 64u

typedef struct TodaySite {
        char name[96];                          /* site, else label, else "ch 3" */
        uint64_t twitches;
        double exposure_s;                      /* a rate is twitches / exposure */
} TodaySite;

typedef struct Today {
        TodaySite sites[TODAY_SITES_MAX];       /* in order of name */
        size_t n;
} Today;

/* From local midnight on. Complains by itself. */
int today_read(Today *ret);
