/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this code a measurement at all? Looked at before any filter, because filters turn
 * what is wrong here into something that looks like a twitch.
 */
#include "detect-private.h"

/* A clipped amplifier does not always stop at the very last code: 0.1 % of the range is the rail. */
#define RAIL_FRACTION 1000

void raw_init(Raw *r, int32_t code_min, int32_t code_max) {
        int64_t margin = ((int64_t) code_max - code_min) / RAIL_FRACTION;

        *r = (Raw) {
                .low = (int32_t) (code_min + margin),
                .high = (int32_t) (code_max - margin),
        };
}

/* Whether the channel can be used at this frame. */
bool raw_next(Raw *r, int32_t code, uint8_t flags, uint64_t flat_frames) {
        if (r->started && code == r->last)
                r->unchanged++;
        else
                r->unchanged = 0;
        r->started = true;
        r->last = code;

        r->lead_off = flags & DETECT_SAMPLE_LEAD_OFF;
        r->saturated = code <= r->low || code >= r->high;
        r->flat = r->unchanged >= flat_frames;
        return !r->lead_off && !r->saturated && !r->flat;
}
