/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crossing.c: where the statistic is above the threshold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Detector Detector;
typedef struct Channel Channel;

typedef struct Crossing {               /* the statistic is or was above the threshold */
        bool active;
        int64_t first, last;
        float max;
        int64_t max_at;
        bool noticed;
        uint64_t notice;                /* its id, until it belongs to an event; 0: none */
} Crossing;

void crossing_next(Detector *d, Channel *c, unsigned channel, int64_t step, float statistic);
void crossing_checkpoint(Channel *c);
void crossing_close(Detector *d, Channel *c, unsigned channel, int64_t step);
void crossing_again(Detector *d, Channel *c, unsigned channel, int64_t from, int64_t step);
