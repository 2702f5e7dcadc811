/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw.c: rails, electrode off, flat: is this sample a measurement at all? */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Raw {                    /* arrays: [n_lanes] */
        unsigned n_lanes;
        int32_t flat_frames;
        int32_t *low, *high;            /* codes from here on outwards are rails */
        int32_t *last;
        int32_t *unchanged;             /* frames, at most flat_frames */
        int32_t *used;                  /* all bits set: this lane is a channel */
} Raw;

int raw_init(Raw *r, unsigned n_lanes, uint64_t flat_frames);
void raw_done(Raw *r);
void raw_channel_init(Raw *r, unsigned channel, int32_t code_min, int32_t code_max);
void raw_break(Raw *r);
unsigned raw_next(Raw *r, const int32_t *codes, unsigned n_frames);
bool raw_saturated(const Raw *r, unsigned channel);
bool raw_flat(const Raw *r, unsigned channel);
