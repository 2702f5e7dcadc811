/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A step of all channels: mains and heart out of the signal, the statistic of the filters, what it means, and what
 * is learned of the noise. Where a channel rests, that is all.
 *
 * The outputs of the filters have next to nothing above 450 Hz: from 1800 steps a second on, every second step is looked at,
 * and the others only beside a look at which the statistic comes near the threshold. Noise is
 * learned from whole batches of looks, in which vectors stay in their registers.
 */
#include <string.h>

#include "frames.h"
#include "bank.h"
#include "channel.h"
#include "crossing.h"
#include "detector.h"
#include "events.h"
#include "exposure.h"
#include "heart.h"
#include "highpass.h"
#include "history.h"
#include "learned.h"
#include "lowpass.h"
#include "mains.h"
#include "motion.h"
#include "noise.h"
#include "simd.h"
#include "waiting.h"
#include "whiten.h"

#define RESCALE_RATIO 1.5f              /* the latest half second louder than that: use it */
#define SUSTAINED_ON 3.0f
#define SUSTAINED_OFF 2.0f

/*
 * In standard deviations of the channel's own noise: the filter that says most; 0 where it is nothing. window: ends
 * with that step.
 */
static ALWAYS_INLINE float statistic_of(const Detector *d, const Channel *c, const float *window, int64_t step, float *ret_outputs) {
        Oct by_lane;

        bank_outputs(d->bank.n_taps, d->bank.n_lanes, c->whiten.taps, window, c->noise.inverse, ret_outputs, &by_lane);
        OctBits something = by_lane >= d->nothing;
        /* the usual case; what comes after only makes it less */
        if ((!oct_any(&something) && c->learned.n_lanes == 0) || !noise_known(&c->noise))
                return 0;

        float largest = oct_largest(&by_lane);
        if (c->learned.n_lanes > 0)
                largest = learned_run(&c->learned, &d->bank, window, largest);
        /* The noise has grown faster than the long estimate follows. */
        if (c->noise.recent_uv > RESCALE_RATIO * c->noise.sigma_uv)
                largest *= RESCALE_RATIO * c->noise.sigma_uv / c->noise.recent_uv;
        return d->heart.known ? largest * heart_trust(&d->heart, &c->heart, step, d->bank.n_taps) : largest;
}

static ALWAYS_INLINE float channel_statistic_any(const Detector *d, const Channel *c, int64_t step, float *ret_outputs) {
        return statistic_of(d, c, history_window_at(&c->history, step, d->bank.n_taps), step, ret_outputs);
}

/* At a step that the history still holds. */
VECTOR_FUNCTION(float, channel_statistic, (const Detector *d, const Channel *c, int64_t step, float *ret_outputs),
                (d, c, step, ret_outputs))

/*
 * The looks whose turn it is: the latest ones, or, where there is a heart, those so long ago that it has been taken
 * out of them meanwhile. True at the end of a block.
 */
static bool channel_learn(Detector *d, Channel *c) {
        static const uint8_t all_calm[LOOKS] = { LOOK_CALM, LOOK_CALM, LOOK_CALM, LOOK_CALM, LOOK_CALM, LOOK_CALM, LOOK_CALM, LOOK_CALM };
        unsigned ago = d->heart.known ? d->n_looks - 1 : LOOKS - 1, first = (d->look + d->n_looks - ago) % d->n_looks;
        const uint8_t *states = c->look_states + first;
        const float *y = history_window(&c->history, ago * d->look_steps + 1);
        const float *outputs = c->look_outputs + (size_t) first * d->bank.n_lanes;
        bool moved = false;

        if (memcmp(states, all_calm, LOOKS) == 0 && noise_has_room(&c->noise, LOOKS)) {
                whiten_feed(&c->whiten, y, d->look_steps, LOOKS, false);
                noise_feed_calm(&c->noise, y, d->look_steps, outputs);
                return false;
        }
        for (unsigned i = 0; i < LOOKS; i++, y += d->look_steps, outputs += d->bank.n_lanes) {
                if (states[i] == LOOK_NOTHING)
                        continue;
                whiten_feed(&c->whiten, y, d->look_steps, 1, states[i] == LOOK_EVENT);
                NoiseBlock block = noise_feed(&c->noise, *y, outputs, states[i] == LOOK_EVENT, c->chain.open && c->chain.sustained);
                if (block == NOISE_BLOCK_UNDER_WAY)
                        continue;
                if (whiten_block_end(&c->whiten, block == NOISE_BLOCK_QUIET, &d->bank, d->scratch, &c->noise)) {
                        learned_refit(d, c);
                        c->size.fits = false;   /* most channels see nothing until the next time */
                }
                learned_update(&c->learned, &c->noise);
                d->noise_moved = moved = true;
        }
        return moved;
}

/* What the statistic of a channel that has settled means. */
static __attribute__((noinline)) void channel_judge(Detector *d, Channel *c, unsigned channel, int64_t step, float statistic) {
        crossing_next(d, c, channel, step, statistic);
        events_statistic(d, channel, (double) step, statistic);
        c->sustained = motion_is_loud(&c->motion, (c->sustained ? SUSTAINED_OFF : SUSTAINED_ON) * c->noise.sigma_uv);
        bool sways = c->sustained && motion_sways(&c->motion);
        if (c->sustained && !sways)
                events_sustained(d, channel, (double) step);
        bool works = (c->chain.open && c->chain.sustained) || (double) step < c->rest_from;
        c->usable = !works && !sways;
        exposure_state(d, c, step, works ? EXCLUSION_CONTRACTION : sways ? EXCLUSION_MOTION : EXPOSURE_REST);
}

/* The channel has been at rest, and nothing at this step can change that. */
static bool channel_rests(const Detector *d, const Channel *c, int64_t step, float statistic, bool noise_moved) {
        return statistic < d->heed && !c->crossing.active && !c->chain.open && !noise_moved && !c->sustained &&
                c->exposure.state == EXPOSURE_REST && (double) step >= c->rest_from;
}

/* The steps between the latest look and the one before, at which nothing was to be seen. */
static __attribute__((noinline)) void channel_wake(Detector *d, Channel *c, unsigned channel, int64_t step) {
        for (int64_t s = step - d->look_steps + 1; s < step; s++)
                channel_judge(d, c, channel, s, channel_statistic(d, c, s, d->outputs));
}

static ALWAYS_INLINE float channel_look(Detector *d, Channel *c, const float *window, int64_t step) {
        float statistic = statistic_of(d, c, window, step, c->look_outputs + (size_t) d->look * d->bank.n_lanes);

        c->look_states[d->look] = statistic >= d->threshold ? LOOK_EVENT : LOOK_CALM;
        return statistic;
}

/* Between looks nothing is done as long as they see nothing. */
static ALWAYS_INLINE void channel_step(Detector *d, Channel *c, unsigned channel, int64_t step) {
        const float *window = history_window(&c->history, d->bank.n_taps);
        bool noise_moved = false;
        float statistic;

        if (d->looking) {
                statistic = channel_look(d, c, window, step);
                if (statistic >= d->wake && !c->awake)
                        channel_wake(d, c, channel, step);
                c->awake = statistic >= d->wake;
                noise_moved = d->learning && channel_learn(d, c);
        } else if (c->awake)
                statistic = statistic_of(d, c, window, step, d->outputs);
        else
                return;

        if (channel_rests(d, c, step, statistic, noise_moved))
                c->usable = true;
        else
                channel_judge(d, c, channel, step, statistic);
}

/* The same until it has settled. */
static __attribute__((noinline)) void channel_settle(Detector *d, Channel *c, unsigned channel, int64_t step) {
        bool know = c->steps++ >= d->noise_start_steps;
        float statistic = 0;

        c->frames = d->position - c->started_at;
        c->usable = c->awake = false;
        if (d->looking) {
                c->look_states[d->look] = LOOK_NOTHING;
                know = know && c->frames >= d->settle_frames;
                if (know)
                        statistic = channel_look(d, c, history_window(&c->history, d->bank.n_taps), step);
                if (d->learning)
                        (void) channel_learn(d, c);
                c->settled = know && noise_known(&c->noise) && c->frames >= c->hold_frames;
        }
        /* A contraction that drove the channel to its rails goes on, or has just ended. */
        if (noise_known(&c->noise) && motion_is_loud(&c->motion, SUSTAINED_ON * c->noise.sigma_uv) && !motion_sways(&c->motion))
                c->rest_from = (double) step + d->events.after_work;
        if (c->settled)
                channel_judge(d, c, channel, step, statistic);
        else
                exposure_state(d, c, step, c->exposure.unusable);
}

static void look_at_mains(Detector *d) {
        unsigned n = 0;
        bool changed;

        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].running)
                        d->active[n++] = i;
        mains_look(&d->mains, d->active, n, &changed);
        if (changed)
                for (unsigned i = 0; i < n; i++)
                        mains_channel_restart(&d->mains, d->active[i]);
}

static void step_end(Detector *d) {
        int64_t from;

        if (d->n_running == 0)
                mains_forget(&d->mains);
        if (mains_count(&d->mains))
                look_at_mains(d);
        if (heart_step(d, d->step, &from)) {
                for (unsigned i = 0; i < d->config.n_channels; i++)
                        crossing_again(d, d->channels + i, i, from, d->step);
                happenings_without_beat(d, from);
        }
        events_step(d, (double) d->step);
        if (d->step >= d->exposure.look_at)
                exposure_look(d);
}

/* The signal of each channel, free of mains; and of the heart, from here on. */
static ALWAYS_INLINE void channels_step_any(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;
                float y = d->x[i];

                if (!c->running)
                        continue;
                if (d->heart.beat_under_way)
                        d->x[i] = y = heart_subtract(&d->heart, &c->heart, d->step, y);
                history_push(&c->history, y);
                if (motion_add(&c->motion, y))
                        motion_tick(&c->motion, highpass_low(&d->highpass, d->x_low, i));
                if (c->settled)
                        channel_step(d, c, i, d->step);
                else
                        channel_settle(d, c, i, d->step);
        }
}

/* Each channel by itself. */
STATIC_VECTOR_FUNCTION(void, channels_step, (Detector *d), (d))

/* What the noise of each channel is by now. */
static void mains_expect(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Noise *noise = &d->channels[i].noise;

                if (d->channels[i].running)
                        mains_channel_expect(&d->mains, i, noise_known(noise) ? noise->sigma_uv : 0, noise->recent_uv);
        }
        d->noise_moved = false;
}

/* From what is left, the mains of all channels; where there is a heart, from what is known to be left after a while. */
static void learn_mains(Detector *d) {
        if (d->heart.known)
                for (unsigned i = 0; i < d->config.n_channels; i++)
                        if (d->channels[i].running)
                                d->late[i] = *history_window(&d->channels[i].history, d->mains_late_steps);
        mains_learn(&d->mains, d->heart.known ? d->late : d->x, d->heart.known);
}

/* Without a heart only the first places are used: nothing is learned late. */
static void look_next(Detector *d) {
        unsigned n = d->heart.known ? d->n_looks : LOOKS;

        d->look = d->look + 1 < n ? d->look + 1 : 0;
        d->learning = d->look % LOOKS == LOOKS - 1;
}

/* At the latest frame. */
void step_run(Detector *d) {
        d->looking = d->step % d->look_steps == 0;
        if (d->looking)
                look_next(d);
        if (d->noise_moved)
                mains_expect(d);
        mains_oscillate(&d->mains);
        if (d->lowpass.needed)
                lowpass_run(&d->lowpass, d->x);
        mains_subtract(&d->mains, d->x);
        channels_step(d);
        learn_mains(d);
        step_end(d);
}
