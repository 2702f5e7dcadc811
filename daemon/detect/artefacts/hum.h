/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hum.c: mains that have changed, and what was taken for activity meanwhile. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "daemon/detect/base/history.h"

typedef struct Detector Detector;
typedef struct Channel Channel;

typedef struct Hum {
        int64_t look_at;                /* step of the next look at a channel that is not at rest */
        bool floats;                    /* the electrode does: more hum than on skin */
        double floats_from, floats_until;       /* steps */
} Hum;

bool hum_is(const History *h, double from, double to, double period_steps, float alike, float alone);
bool hum_look(Detector *d, Channel *c, unsigned channel, int64_t step);
void hum_look_at_size(Detector *d, Channel *c, unsigned channel, int64_t step);
void hum_finish(Detector *d, Channel *c, unsigned channel);
