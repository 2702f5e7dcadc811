/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* heartbeat.c: is this discharge a beat of the heart? */
#pragma once

#include <stdbool.h>
#include "discharge.h"

#define HEARTBEAT_LOBE_MIN_S 0.008f      /* at half its height, in the band */
#define HEARTBEATS_EVEN_MIN 2u          /* more: their pace is no chance */

typedef struct Heartbeat {
        unsigned beats;                 /* at an even pace */
        unsigned alike;                 /* at any */
        double last_s, period_s;
        double mean_s;                  /* period of those alike */
        float shape[SHAPE_POINTS];
} Heartbeat;

bool heartbeat_next(Heartbeat *h, const float *shape, double peak_s);
