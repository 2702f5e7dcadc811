/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* missed-discharges.c: the same unit again, below the threshold. */
#pragma once

#include <stdbool.h>

typedef struct Detector Detector;
typedef struct Channel Channel;

bool find_missed_discharge(const Detector *d, const Channel *c, double until, double *ret_peak);
