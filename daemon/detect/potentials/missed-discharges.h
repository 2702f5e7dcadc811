/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* missed-discharges.c: the same unit again, below the threshold. */
#pragma once

#include <stdbool.h>

#include "daemon/detect/base/history.h"
#include "daemon/detect/events/activity.h"
#include "units.h"

typedef struct MissedSearch {
        double step_rate_hz;
        double gap;                     /* steps: from one discharge of an activity to the next, at most */
        double until;                   /* step: before it */
        float threshold;                /* of the statistic */
        float sigma_uv;                 /* of the noise */
} MissedSearch;

bool find_missed_discharge(const Units *units, const Activity *activity, const History *h,
                           const MissedSearch *s, double *ret_peak);
