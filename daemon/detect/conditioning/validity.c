/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this code a measurement at all? Looked at before any filter, because filters turn
 * what is wrong here into something that looks like a twitch.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "validity.h"
#include "daemon/detect/base/simd.h"

/* A clipped amplifier does not always stop at the very last code: 0.1 % of the range is the rail. */
#define RAIL_FRACTION 1000

/*
 * Many programs write the extremes of the data as the limits of the file, so that one sample of each channel
 * lies on them. It takes more than that to make a rail: a run (raise these and a clipped twitch of a few
 * samples passes with its top cut off; lower them and the flat top of a wave with few samples to the
 * millisecond is lost), or hits again and again, as of mains that is too large for the converter.
 */
#define RUN_FRAMES_MIN 3
#define RUN_S 0.001
#define NEAR_RUN_S 0.05 /* within RAIL_FRACTION: longer than a slow wave stays at its extreme */
#define HITS 10                         /* within HITS_S */
#define HITS_S 1.0

/*
 * An amplifier may stop within the range of its converter: one code for that long, never exceeded before,
 * and reached with a jump of that many of the smallest steps between two codes. A slow wave in coarse steps,
 * too, stands still at its turning points, but comes there in single steps.
 */
#define CLIP_FRAMES_MIN 4
#define CLIP_S 0.004
#define CLIP_JUMP_STEPS 8

static int32_t frames_of(double seconds, double rate_hz, int32_t least) {
        return (int32_t) fmax(least, round(seconds * rate_hz));
}

int validity_init(Validity *r, unsigned n_lanes, double rate_hz, uint64_t flat_frames,
                  bool limits_are_rails) {
        *r = (Validity) {
                .n_lanes = n_lanes,
                .flat_frames = (int32_t) flat_frames,
                .clip_frames = frames_of(CLIP_S, rate_hz, CLIP_FRAMES_MIN) - 1,
                .run_frames = frames_of(RUN_S, rate_hz, RUN_FRAMES_MIN),
                .near_frames = frames_of(NEAR_RUN_S, rate_hz, RUN_FRAMES_MIN),
                .hits_frames = (uint64_t) llround(HITS_S * rate_hz),
                .limits_are_rails = limits_are_rails,
                .rails = calloc(2 * (size_t) n_lanes, sizeof *r->rails),
                .top = calloc(n_lanes, sizeof *r->top),
                .bottom = calloc(n_lanes, sizeof *r->bottom),
                .before = calloc(n_lanes, sizeof *r->before),
                .step = calloc(n_lanes, sizeof *r->step),
                .low = calloc(n_lanes, sizeof *r->low),
                .high = calloc(n_lanes, sizeof *r->high),
                .last = calloc(n_lanes, sizeof *r->last),
                .unchanged = calloc(n_lanes, sizeof *r->unchanged),
                .used = calloc(n_lanes, sizeof *r->used),
        };
        return r->rails && r->top && r->bottom && r->before && r->step && r->low && r->high && r->last &&
                        r->unchanged && r->used ?
                0 :
                -ENOMEM;
}

void validity_done(Validity *r) {
        free(r->rails);
        free(r->top);
        free(r->bottom);
        free(r->before);
        free(r->step);
        free(r->low);
        free(r->high);
        free(r->last);
        free(r->unchanged);
        free(r->used);
}

void validity_channel_init(Validity *r, unsigned channel, int32_t code_min, int32_t code_max) {
        int64_t margin = ((int64_t) code_max - code_min) / RAIL_FRACTION;

        r->low[channel] = (int32_t) (code_min + margin);
        r->high[channel] = (int32_t) (code_max - margin);
        r->unchanged[channel] = -1;     /* there was none before the first */
        r->used[channel] = -1;
        r->top[channel] = INT32_MIN;
        r->bottom[channel] = INT32_MAX;
        r->step[channel] = INT32_MAX;
        r->rails[2 * channel] = (Rail) { .limit = code_min, .known = r->limits_are_rails };
        r->rails[2 * channel + 1] = (Rail) { .limit = code_max, .known = r->limits_are_rails };
}

/* Samples are missing. */
void validity_break(Validity *r) {
        for (unsigned i = 0; i < r->n_lanes; i++)
                r->unchanged[i] = r->unchanged[i] > 0 ? 0 : r->unchanged[i];
}

/* What is known of eight channels; stays in registers from frame to frame. */
typedef struct Lanes8 {
        i32x8 last, unchanged, low, high, used, top, bottom, before, step;
} Lanes8;

/* A macro, because a function that returns a vector would have an ABI of its own. */
#define CHOOSE(condition, yes, no) (((condition) & (yes)) | (~(condition) & (no)))

/* Flags of those of which this may be no measurement. */
static ALWAYS_INLINE void check_lanes(Lanes8 *e, const int32_t *codes, int32_t flat_frames,
                                      int32_t clip_frames, i32x8 *ret_bad) {
        i32x8 now = *(const i32x8*) codes, same = now == e->last, n = (e->unchanged - same) & same;
        i32x8 up = now - e->last, down = e->last - now, step = CHOOSE(up > down, up, down);

        n += n > flat_frames;           /* no further: it could overflow */
        e->before = CHOOSE(same, e->before, e->last);
        e->step = CHOOSE((step > 0) & (step < e->step), step, e->step);
        e->top = CHOOSE(now > e->top, now, e->top);
        e->bottom = CHOOSE(now < e->bottom, now, e->bottom);
        e->last = now;
        e->unchanged = n;
        *ret_bad = ((n >= flat_frames) | (now <= e->low) | (now >= e->high) |
                    ((n >= clip_frames) & ((now == e->top) | (now == e->bottom)))) & e->used;
}

static ALWAYS_INLINE void take_out(const Validity *r, size_t lane, Lanes8 *ret) {
        *ret = (Lanes8) {
                .last = *(const i32x8*) (r->last + lane), .unchanged = *(const i32x8*) (r->unchanged + lane),
                .low = *(const i32x8*) (r->low + lane), .high = *(const i32x8*) (r->high + lane),
                .used = *(const i32x8*) (r->used + lane),
                .top = *(const i32x8*) (r->top + lane), .bottom = *(const i32x8*) (r->bottom + lane),
                .before = *(const i32x8*) (r->before + lane), .step = *(const i32x8*) (r->step + lane),
        };
}

static ALWAYS_INLINE void put_back(Validity *r, size_t lane, const Lanes8 *e) {
        *(i32x8*) (r->last + lane) = e->last;
        *(i32x8*) (r->unchanged + lane) = e->unchanged;
        *(i32x8*) (r->top + lane) = e->top;
        *(i32x8*) (r->bottom + lane) = e->bottom;
        *(i32x8*) (r->before + lane) = e->before;
        *(i32x8*) (r->step + lane) = e->step;
}

/* Eight channels, usually all there are. */
static ALWAYS_INLINE unsigned next_of_lanes8(Validity *r, const int32_t *codes, unsigned n_frames) {
        i32x8 bad = { 0 };
        unsigned f = 0;
        Lanes8 e;

        take_out(r, 0, &e);
        for (; f < n_frames; f++, codes += 8) {
                check_lanes(&e, codes, r->flat_frames, r->clip_frames, &bad);
                if (i32x8_any(&bad))
                        break;
        }
        put_back(r, 0, &e);
        return f;
}

static ALWAYS_INLINE unsigned next(Validity *r, size_t n_lanes, const int32_t *codes, unsigned n_frames) {
        for (unsigned f = 0; f < n_frames; f++, codes += n_lanes) {
                i32x8 any = { 0 };

                for (size_t l = 0; l < n_lanes; l += 8) {
                        i32x8 bad;
                        Lanes8 e;

                        take_out(r, l, &e);
                        check_lanes(&e, codes + l, r->flat_frames, r->clip_frames, &bad);
                        put_back(r, l, &e);
                        any |= bad;
                }
                if (i32x8_any(&any))
                        return f;
        }
        return n_frames;
}

static ALWAYS_INLINE unsigned validity_next_any(Validity *r, const int32_t *codes, unsigned n_frames) {
        return r->n_lanes == 8 ? next_of_lanes8(r, codes, n_frames) : next(r, r->n_lanes, codes, n_frames);
}

/*
 * Of frames with a code for each lane: how many, from the first on, are measurements in all channels. That
 * after them has been looked at, too.
 */
VECTOR_FUNCTION(unsigned, validity_next, (Validity *r, const int32_t *codes, unsigned n_frames),
                (r, codes, n_frames))

/*
 * Near a limit is no rail before a run or many hits have shown it; then it is one for good. The other limit
 * is not: where the lowest code stands for what is missing, the highest is that of a twitch.
 */
static bool rail_hit(const Validity *r, Rail *rail, bool exact, uint64_t position) {
        if (rail->known)
                return true;
        rail->near_run = position == rail->position + 1 ? rail->near_run + 1 : 1;
        rail->position = position;
        rail->run = exact ? (rail->near_run == 1 ? 1 : rail->run + 1) : 0;
        if (rail->run == 1) {
                if (rail->hits == 0 || position - rail->hits_from > r->hits_frames) {
                        rail->hits = 0;
                        rail->hits_from = position;
                }
                rail->hits++;
        }
        rail->known = rail->run >= r->run_frames || rail->near_run >= r->near_frames || rail->hits >= HITS;
        return rail->known;
}

static bool is_clipped(const Validity *r, unsigned channel) {
        int32_t code = r->last[channel];

        return r->unchanged[channel] >= r->clip_frames &&
                (code == r->top[channel] || code == r->bottom[channel]) &&
                llabs((int64_t) code - r->before[channel]) >= CLIP_JUMP_STEPS * (int64_t) r->step[channel];
}

bool validity_saturated(Validity *r, unsigned channel, uint64_t position) {
        int32_t code = r->last[channel];

        Rail *rails = r->rails + 2 * (size_t) channel;

        if (code <= r->low[channel])
                return rail_hit(r, rails, code <= rails[0].limit, position) || is_clipped(r, channel);
        if (code >= r->high[channel])
                return rail_hit(r, rails + 1, code >= rails[1].limit, position) || is_clipped(r, channel);
        return is_clipped(r, channel);
}

bool validity_flat(const Validity *r, unsigned channel) {
        return r->unchanged[channel] >= r->flat_frames;
}
