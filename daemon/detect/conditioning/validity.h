/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* validity.c: rails, electrode off, flat: is this sample a measurement at all? */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Rail {                   /* what is known of a limit of a channel's codes */
        int32_t limit;
        bool known;                     /* it is the converter's, not the extreme of the data */
        int32_t run, near_run;          /* samples at, or next to, it that followed each other, ... */
        uint64_t position;              /* ... and the latest of them */
        unsigned hits;                  /* runs at it ... */
        uint64_t hits_from;             /* ... since then */
} Rail;

typedef struct Validity {               /* arrays: [n_lanes] */
        unsigned n_lanes;
        int32_t flat_frames;
        int32_t clip_frames, run_frames, near_frames;
        uint64_t hits_frames;
        bool limits_are_rails;
        Rail *rails;                    /* [n_lanes][2]: the lowest code, the highest */
        int32_t *top, *bottom;          /* of all that was seen */
        int32_t *before;                /* the last code that was another one */
        int32_t *step;                  /* the smallest between two codes so far */
        int32_t *low, *high;            /* codes from here on outwards may be rails */
        int32_t *last;
        int32_t *unchanged;             /* frames, at most flat_frames */
        int32_t *used;                  /* all bits set: this lane is a channel */
} Validity;

int validity_init(Validity *r, unsigned n_lanes, double rate_hz, uint64_t flat_frames,
                  bool limits_are_rails);
void validity_done(Validity *r);
void validity_channel_init(Validity *r, unsigned channel, int32_t code_min, int32_t code_max);
void validity_break(Validity *r);
unsigned validity_next(Validity *r, const int32_t *codes, unsigned n_frames);
bool validity_saturated(Validity *r, unsigned channel, uint64_t position); /* once a frame, in their order */
bool validity_flat(const Validity *r, unsigned channel);
