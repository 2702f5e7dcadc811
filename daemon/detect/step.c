/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A step of all channels: mains and heart out of the signal, the statistic of the filters, what it means,
 * and what is learned of the noise. Where a channel rests, that is all.
 *
 * The outputs of the filters have next to nothing above 450 Hz: from 1800 steps a second on, every second
 * step is looked at, and the others only beside a look at which the statistic comes near the threshold.
 * Noise is learned from whole batches of evaluations, in which vectors stay in their registers.
 */
#include <string.h>

#include "daemon/detect/artefacts/motion.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/base/simd.h"
#include "daemon/detect/conditioning/decimator.h"
#include "daemon/detect/conditioning/highpass.h"
#include "daemon/detect/conditioning/mains.h"
#include "daemon/detect/conditioning/tones.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/events/assembly.h"
#include "daemon/detect/events/candidates.h"
#include "daemon/detect/potentials/unit-templates.h"
#include "daemon/detect/statistic/level.h"
#include "daemon/detect/statistic/noise.h"
#include "daemon/detect/statistic/template-bank.h"
#include "daemon/detect/statistic/whiten.h"
#include "channel.h"
#include "crossing.h"
#include "detector.h"
#include "exposure.h"
#include "frames.h"
#include "hum-correction.h"
#include "tone-search.h"

#define RESCALE_RATIO 1.5f              /* the latest half second louder than that: use it */
#define SUSTAINED_ON 3.0f
#define SUSTAINED_OFF 2.0f
#define LEVEL_LATE_S 0.1 /* longer than a crossing of the threshold goes on, see crossing_next() */

/*
 * In standard deviations of the channel's own noise: the filter that says most; 0 where it is nothing.
 * window: ends with that step.
 */
static ALWAYS_INLINE float statistic_of(const Detector *d, const Channel *c, const float *window,
                                        int64_t step, float *ret_outputs) {
        f32x8 by_lane;

        template_bank_outputs(d->bank.n_taps, d->bank.n_lanes, c->whiten.taps, window, c->noise.inverse,
                              ret_outputs, &by_lane);
        i32x8 something = by_lane >= d->idle_level;
        /* the typical case; what comes after only makes it less */
        if ((!i32x8_any(&something) && c->unit_templates.n_lanes == 0) || !noise_known(&c->noise))
                return 0;

        float largest = f32x8_max(&by_lane);
        if (c->unit_templates.n_lanes > 0)
                largest = unit_templates_run(&c->unit_templates, &d->bank, window, largest);
        /* The noise has grown faster than the long estimate follows. */
        if (c->noise.recent_uv > RESCALE_RATIO * c->noise.sigma_uv)
                largest *= RESCALE_RATIO * c->noise.sigma_uv / c->noise.recent_uv;
        return d->ecg.known ? largest * ecg_weight(&d->ecg, &c->ecg, step, d->bank.n_taps) : largest;
}

static ALWAYS_INLINE float channel_statistic_any(const Detector *d, const Channel *c, int64_t step,
                                                 float *ret_outputs) {
        return statistic_of(d, c, history_window_at(&c->history, step, d->bank.n_taps), step, ret_outputs);
}

static void refit_units(const Detector *d, Channel *c) {
        unit_templates_refit(&c->unit_templates, &(UnitTemplatesContext) {
                .units = &c->units,
                .bank = &d->bank,
                .whiten = &c->whiten,
                .ecg = &d->ecg,
                .ecg_template = &c->ecg,
                .scratch = d->scratch,
                .step_rate_hz = d->step_rate_hz,
                .false_alarms_per_hour = d->config.false_alarms_per_hour,
                .threshold = d->threshold,
                .sigma_uv = c->noise.sigma_uv,
        });
}

/* At a step that the history still holds. */
VECTOR_FUNCTION(float, channel_statistic,
                (const Detector *d, const Channel *c, int64_t step, float *ret_outputs),
                (d, c, step, ret_outputs))

/*
 * The evaluations whose turn it is: the latest ones, or, where there is a heart, those so long ago that it
 * has been taken out of them meanwhile. True at the end of a block.
 */
static bool channel_learn(Detector *d, Channel *c) {
        static const uint8_t all_calm[EVAL_BATCH] = { EVAL_CALM, EVAL_CALM, EVAL_CALM, EVAL_CALM,
                                                      EVAL_CALM, EVAL_CALM, EVAL_CALM, EVAL_CALM };
        unsigned ago = d->ecg.known ? d->n_evals - 1 : EVAL_BATCH - 1,
                 first = (d->eval_index + d->n_evals - ago) % d->n_evals;
        const uint8_t *states = c->eval_states + first;
        const float *y = history_window(&c->history, ago * d->eval_steps + 1);
        const float *outputs = c->eval_outputs + (size_t) first * d->bank.n_lanes;
        bool moved = false;

        if (memcmp(states, all_calm, EVAL_BATCH) == 0 && noise_has_room(&c->noise, EVAL_BATCH)) {
                whiten_feed(&c->whiten, y, d->eval_steps, EVAL_BATCH, false);
                noise_feed_calm(&c->noise, y, d->eval_steps, outputs);
                return false;
        }
        for (unsigned i = 0; i < EVAL_BATCH; i++, y += d->eval_steps, outputs += d->bank.n_lanes) {
                if (states[i] == EVAL_NOTHING)
                        continue;
                whiten_feed(&c->whiten, y, d->eval_steps, 1, states[i] == EVAL_EVENT);
                NoiseBlock block = noise_feed(&c->noise, *y, outputs, states[i] == EVAL_EVENT,
                                              c->activity.open && c->activity.sustained);
                if (block == NOISE_BLOCK_UNDER_WAY)
                        continue;
                if (whiten_block_end(&c->whiten, block == NOISE_BLOCK_QUIET, &d->bank, d->scratch,
                                     &c->noise)) {
                        refit_units(d, c);
                        c->amplitude.fits = false;      /* most channels see nothing until the next time */
                }
                unit_templates_update(&c->unit_templates, &c->noise);
                d->noise_moved = moved = true;
        }
        return moved;
}

static bool tones_correct(Detector *d, Channel *c, unsigned channel, int64_t step) {
        unsigned n = tone_search_correct(d, c, channel, step);

        if (n > 0)
                hum_dismiss(d, c, channel, (double) step - n, step);
        return n > 0;
}

/* What the statistic of a channel that has settled means. */
static __attribute__((noinline)) void channel_judge(Detector *d, Channel *c, unsigned channel, int64_t step,
                                                    float statistic) {
        if (hum_correct(d, c, channel, step) || (d->tones.n > 0 && tones_correct(d, c, channel, step)))
                statistic = 0;
        if (c->hum.floats) {            /* nothing is seen, and nothing learned */
                c->usable = false;
                c->eval_states[d->eval_index] = EVAL_NOTHING;
                exposure_state(d, c, step, EXCLUSION_LEAD_OFF);
                return;
        }
        crossing_next(d, c, channel, step, statistic);
        assembly_statistic(d, channel, (double) step, statistic);
        c->sustained = motion_is_loud(&c->motion,
                                      (c->sustained ? SUSTAINED_OFF : SUSTAINED_ON) * c->noise.sigma_uv);
        bool baseline_sway = c->sustained && motion_is_baseline_sway(&c->motion);
        if (c->sustained && !baseline_sway)
                assembly_sustained(d, channel, (double) step);
        bool contracting = (c->activity.open && c->activity.sustained) ||
                (double) step < c->post_activity_until;
        c->usable = !contracting && !baseline_sway;
        exposure_state(d, c, step,
                       contracting           ? EXCLUSION_CONTRACTION :
                               baseline_sway ? EXCLUSION_MOTION :
                                               EXPOSURE_REST);
}

/* The channel has been at rest, and nothing at this step can change that. */
static bool channel_rests(const Detector *d, const Channel *c, int64_t step, float statistic,
                          bool noise_moved) {
        return statistic < d->peak_memory_level && !c->crossing.active && !c->activity.open &&
                !c->hum.floats && !noise_moved && !c->sustained && c->exposure.state == EXPOSURE_REST &&
                (double) step >= c->post_activity_until;
}

/* The steps between the latest evaluation and the one before, at which nothing was to be seen. */
static __attribute__((noinline)) void channel_evaluate_skipped(Detector *d, Channel *c, unsigned channel,
                                                               int64_t step) {
        for (int64_t s = step - d->eval_steps + 1; s < step; s++)
                channel_judge(d, c, channel, s, channel_statistic(d, c, s, d->outputs));
}

static ALWAYS_INLINE float channel_evaluate(Detector *d, Channel *c, const float *window, int64_t step) {
        float statistic = statistic_of(d, c, window, step,
                                       c->eval_outputs + (size_t) d->eval_index * d->bank.n_lanes);

        c->eval_states[d->eval_index] = statistic >= d->threshold ? EVAL_EVENT : EVAL_CALM;
        return statistic;
}

/* Between evaluations nothing is done as long as they see nothing. */
static ALWAYS_INLINE void channel_step(Detector *d, Channel *c, unsigned channel, int64_t step) {
        const float *window = history_window(&c->history, d->bank.n_taps);
        bool noise_moved = false;
        float statistic;

        if (d->evaluating) {
                statistic = channel_evaluate(d, c, window, step);
                if (statistic >= d->evaluate_level && !c->at_full_rate)
                        channel_evaluate_skipped(d, c, channel, step);
                c->at_full_rate = statistic >= d->evaluate_level;
                noise_moved = d->learning && channel_learn(d, c);
        } else if (c->at_full_rate)
                statistic = statistic_of(d, c, window, step, d->outputs);
        else
                return;

        if (channel_rests(d, c, step, statistic, noise_moved))
                c->usable = true;
        else
                channel_judge(d, c, channel, step, statistic);
}

/* The same until it has settled. */
static __attribute__((noinline)) void channel_settle(Detector *d, Channel *c, unsigned channel,
                                                     int64_t step) {
        bool know = c->steps++ >= d->noise_start_steps;
        float statistic = 0;

        c->frames = d->position - c->started_at;
        c->usable = c->at_full_rate = false;
        if (d->evaluating) {
                c->eval_states[d->eval_index] = EVAL_NOTHING;
                know = know && c->frames >= d->settle_frames;
                if (know)
                        statistic = channel_evaluate(d, c, history_window(&c->history, d->bank.n_taps),
                                                     step);
                if (d->learning)
                        (void) channel_learn(d, c);
                c->settled = know && noise_known(&c->noise) && c->frames >= c->hold_frames;
        }
        if (c->hum.begins)
                hum_begin(d, c, channel);
        tone_search_settle(d, c, channel);
        /* A contraction that drove the channel to its rails goes on, or has just ended. */
        if (noise_known(&c->noise) && motion_is_loud(&c->motion, SUSTAINED_ON * c->noise.sigma_uv) &&
            !motion_is_baseline_sway(&c->motion))
                c->post_activity_until = (double) step + d->assembly.after_contraction;
        if (c->settled)
                channel_judge(d, c, channel, step, statistic);
        else
                exposure_state(d, c, step, c->exposure.unusable);
}

static void track_mains(Detector *d) {
        unsigned n = 0;
        bool changed;

        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].running)
                        d->active[n++] = i;
        mains_track(&d->mains, d->active, n, &changed);
        for (unsigned i = 0; i < n; i++)
                hum_check_size(d, d->channels + d->active[i], d->active[i], d->step);
        if (changed)
                for (unsigned i = 0; i < n; i++)
                        mains_channel_restart(&d->mains, d->active[i]);
}

/* Every 10 ms, what is below the band. */
static void slow_tick(Detector *d) {
        slow_beats_begin(&d->ecg.slow, d->step);
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                const Channel *c = d->channels + i;

                if (!c->running)
                        continue;
                slow_beats_push(&d->ecg.slow, i, highpass_low(&d->highpass, d->x_low, i), &c->history,
                                c->noise.sigma_uv);
        }
        d->ecg.slow_beat = slow_beats_end(&d->ecg.slow);
}

/* A maximum of the statistic that belongs to what lies between two steps. */
static bool channel_raised(const Detector *d, const Channel *c, double from, double to) {
        for (unsigned i = 0; i < SUBTHRESHOLD_PEAKS; i++) {
                double at = c->subthreshold_peaks[i].step - d->bank.n_taps / 2.0;
                if (at >= from && at < to)
                        return true;
        }
        return false;
}

/*
 * The level of each channel's noise in the piece that ended a while ago: what happened in it is known. Not
 * while there is a heart: what its beats leave of themselves would be taken for a tail of the noise.
 */
static void level_tick(Detector *d) {
        unsigned ago = (unsigned) in_steps(d, LEVEL_LATE_S);

        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;
                unsigned n = level_window_steps(&c->level);
                double to = (double) (d->step + 1) - ago, from = to - c->level.piece_steps;

                if (!c->running || !c->settled || c->history.fill < n + ago)
                        continue;
                if (c->usable && !c->crossing.active && !c->activity.open && c->activity.busy_until < from)
                        level_add(&c->level, history_window(&c->history, n + ago), c->noise.sigma_uv,
                                  channel_raised(d, c, from, to));
                else
                        level_skip(&c->level);
        }
}

/* What was loud before the heart was known was the heart. */
static void forget_levels(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++)
                level_restart(&d->channels[i].level);
}

/* What was seen was a tone, or amid it; and so was the noise. */
static void forget_what_was_tones(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (c->tone_found_steps == 0)
                        continue;
                hum_dismiss(d, c, i, (double) d->step - c->tone_found_steps, d->step);
                channel_relearn(d, c);
                c->tone_found_steps = 0;
        }
}

static void step_end(Detector *d) {
        bool heart_was_known = d->ecg.known;
        int64_t from;

        if (slow_beats_due(&d->ecg.slow, d->step))
                slow_tick(d);
        if (d->n_running == 0) {
                mains_forget(&d->mains);
                tones_forget(&d->tones);
        }
        if (mains_count(&d->mains))
                track_mains(d);
        if (ecg_step(d, d->step, &from)) {
                for (unsigned i = 0; i < d->config.n_channels; i++)
                        crossing_again(d, d->channels + i, i, from, d->step);
                candidates_without_beat(d, from);
        }
        if (d->ecg.known && !heart_was_known)
                forget_levels(d);
        if (tone_search(d))
                forget_what_was_tones(d);
        assembly_step(d, (double) d->step);
        if (!d->ecg.known && d->step % d->channels->level.piece_steps == 0)
                level_tick(d);
        if (d->step >= d->exposure.evaluate_at)
                exposure_sample(d);
}

/* The signal of each channel, free of mains; and of the heart, from here on. */
static ALWAYS_INLINE void channels_step_any(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;
                float y = d->x[i];

                if (!c->running)
                        continue;
                if (d->ecg.beat_under_way)
                        d->x[i] = y = ecg_subtract(&d->ecg, &c->ecg, d->step, y);
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

                if (!d->channels[i].running)
                        continue;
                float sigma_uv = noise_known(noise) ? noise->sigma_uv : 0;
                mains_channel_expect(&d->mains, i, sigma_uv, noise->recent_uv);
                tones_channel_expect(&d->tones, i, sigma_uv, noise->recent_uv);
        }
        d->noise_moved = false;
}

/*
 * From what is left, the mains of all channels; where there is a heart, from what is known to be left after
 * a while.
 */
static void learn_mains(Detector *d) {
        if (d->ecg.known)
                for (unsigned i = 0; i < d->config.n_channels; i++)
                        if (d->channels[i].running)
                                d->late[i] = *history_window(&d->channels[i].history, d->mains_late_steps);
        mains_learn(&d->mains, d->ecg.known ? d->late : d->x, d->ecg.known);
}

/* Without a heart only the first places are used: nothing is learned late. */
static void evaluate_next(Detector *d) {
        unsigned n = d->ecg.known ? d->n_evals : EVAL_BATCH;

        d->eval_index = d->eval_index + 1 < n ? d->eval_index + 1 : 0;
        d->learning = d->eval_index % EVAL_BATCH == EVAL_BATCH - 1;
}

/* At the latest frame. */
void step_run(Detector *d) {
        d->evaluating = d->step % d->eval_steps == 0;
        if (d->evaluating)
                evaluate_next(d);
        if (d->noise_moved)
                mains_expect(d);
        mains_oscillate(&d->mains);
        if (d->decimator.needed)
                decimator_run(&d->decimator, d->x);
        mains_subtract(&d->mains, d->x);
        if (d->tones.n > 0)
                tones_subtract(&d->tones, d->x);
        channels_step(d);
        learn_mains(d);
        if (d->tones.n > 0)
                tones_learn(&d->tones, d->x);
        step_end(d);
}
