/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this code a measurement at all? Looked at before any filter, because filters turn
 * what is wrong here into something that looks like a twitch.
 */
#include <errno.h>
#include <stdlib.h>

#include "raw.h"
#include "simd.h"

/* A clipped amplifier does not always stop at the very last code: 0.1 % of the range is the rail. */
#define RAIL_FRACTION 1000

int raw_init(Raw *r, unsigned n_lanes, uint64_t flat_frames) {
        *r = (Raw) {
                .n_lanes = n_lanes,
                .flat_frames = (int32_t) flat_frames,
                .low = calloc(n_lanes, sizeof *r->low),
                .high = calloc(n_lanes, sizeof *r->high),
                .last = calloc(n_lanes, sizeof *r->last),
                .unchanged = calloc(n_lanes, sizeof *r->unchanged),
                .used = calloc(n_lanes, sizeof *r->used),
        };
        return r->low && r->high && r->last && r->unchanged && r->used ? 0 : -ENOMEM;
}

void raw_done(Raw *r) {
        free(r->low);
        free(r->high);
        free(r->last);
        free(r->unchanged);
        free(r->used);
}

void raw_channel_init(Raw *r, unsigned channel, int32_t code_min, int32_t code_max) {
        int64_t margin = ((int64_t) code_max - code_min) / RAIL_FRACTION;

        r->low[channel] = (int32_t) (code_min + margin);
        r->high[channel] = (int32_t) (code_max - margin);
        r->unchanged[channel] = -1;     /* there was none before the first */
        r->used[channel] = -1;
}

/* Samples are missing. */
void raw_break(Raw *r) {
        for (unsigned i = 0; i < r->n_lanes; i++)
                r->unchanged[i] = r->unchanged[i] > 0 ? 0 : r->unchanged[i];
}

/* What is known of eight channels; stays in registers from frame to frame. */
typedef struct Eight {
        OctBits last, unchanged, low, high, used;
} Eight;

/* Flags of those of which this is no measurement. */
static ALWAYS_INLINE void look(Eight *e, const int32_t *codes, int32_t flat_frames, OctBits *ret_bad) {
        OctBits now = *(const OctBits*) codes, same = now == e->last, n = (e->unchanged - same) & same;

        n += n > flat_frames;           /* no further: it could overflow */
        e->last = now;
        e->unchanged = n;
        *ret_bad = ((n >= flat_frames) | (now <= e->low) | (now >= e->high)) & e->used;
}

static ALWAYS_INLINE void take_out(const Raw *r, size_t lane, Eight *ret) {
        *ret = (Eight) {
                .last = *(const OctBits*) (r->last + lane), .unchanged = *(const OctBits*) (r->unchanged + lane),
                .low = *(const OctBits*) (r->low + lane), .high = *(const OctBits*) (r->high + lane),
                .used = *(const OctBits*) (r->used + lane),
        };
}

static ALWAYS_INLINE void put_back(Raw *r, size_t lane, const Eight *e) {
        *(OctBits*) (r->last + lane) = e->last;
        *(OctBits*) (r->unchanged + lane) = e->unchanged;
}

/* Eight channels, usually all there are. */
static ALWAYS_INLINE unsigned next_of_eight(Raw *r, const int32_t *codes, unsigned n_frames) {
        OctBits bad = { 0 };
        unsigned f = 0;
        Eight e;

        take_out(r, 0, &e);
        for (; f < n_frames; f++, codes += 8) {
                look(&e, codes, r->flat_frames, &bad);
                if (oct_any(&bad))
                        break;
        }
        put_back(r, 0, &e);
        return f;
}

static ALWAYS_INLINE unsigned next(Raw *r, size_t n_lanes, const int32_t *codes, unsigned n_frames) {
        for (unsigned f = 0; f < n_frames; f++, codes += n_lanes) {
                OctBits any = { 0 };

                for (size_t l = 0; l < n_lanes; l += 8) {
                        OctBits bad;
                        Eight e;

                        take_out(r, l, &e);
                        look(&e, codes + l, r->flat_frames, &bad);
                        put_back(r, l, &e);
                        any |= bad;
                }
                if (oct_any(&any))
                        return f;
        }
        return n_frames;
}

static ALWAYS_INLINE unsigned raw_next_any(Raw *r, const int32_t *codes, unsigned n_frames) {
        return r->n_lanes == 8 ? next_of_eight(r, codes, n_frames) : next(r, r->n_lanes, codes, n_frames);
}

/*
 * Of frames with a code for each lane: how many, from the first on, are measurements in all channels. That after them has
 * been looked at, too.
 */
VECTOR_FUNCTION(unsigned, raw_next, (Raw *r, const int32_t *codes, unsigned n_frames), (r, codes, n_frames))

bool raw_saturated(const Raw *r, unsigned channel) {
        return r->last[channel] <= r->low[channel] || r->last[channel] >= r->high[channel];
}

bool raw_flat(const Raw *r, unsigned channel) {
        return r->unchanged[channel] >= r->flat_frames;
}
