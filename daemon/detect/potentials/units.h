/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* units.c: which motor unit a discharge is of. */
#pragma once

#include <stdbool.h>

#include "daemon/detect/base/history.h"
#include "discharge.h"

#define UNITS_MAX 12u                   /* known in a channel */
#define UNIT_POINTS 65                  /* around the peak */
#define UNIT_POINT_S 0.0005
#define UNIT_KNOWN_MIN 3u               /* discharges: then the mean is clean enough to subtract */
#define UNIT_MEMORY_N 19u /* with the memory that a unit has, its mean is worth one of so many */
#define UNIT_RATE_HZ_MIN 900.0          /* below, potentials that overlap cannot be told apart */

typedef struct Unit {
        unsigned id;                    /* counts up from 1 in a channel, never used again */
        unsigned n;                     /* discharges */
        float amplitude_uv;
        double last;                    /* step */
        float pair_points;              /* between what looked like two of it, most of the time ... */
        unsigned n_pairs;               /* ... and by how many more times than not */
        double pair_at;                 /* step of the latest such */
        float waveform[UNIT_POINTS];
} Unit;

typedef struct Units {
        unsigned n, n_unit_ids;
        Unit units[UNITS_MAX];
} Units;

double unit_middle(const History *h, const Discharge *discharge, float sigma_uv, double step_rate_hz);
unsigned units_assign(Units *u, const History *h, const Discharge *discharge, bool alone, unsigned except,
                      float sigma_uv, double step_rate_hz);
float unit_likely(const Unit *k, double now, double step_rate_hz);
