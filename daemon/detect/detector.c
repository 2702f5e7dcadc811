/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The detector: frames in, through the stages of detect-private.h, events out.
 *
 * The two silent seconds of a channel that starts from nothing: 0.6 s to find the mains frequency,
 * 0.4 s to learn its amplitudes, 1 s to know the noise.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect-private.h"

#define FLAT_S 0.1
#define KEEP_S 10.0                     /* after a longer interruption nothing learned is believed */
#define BLANK_S 1.0                     /* an electrode or amplifier recovers */
#define MAINS_START_S 0.6
#define NOISE_START_S 1.0
#define MAINS_SETTLE_S 0.15
#define CROSSING_CLOSE_S 0.012
#define CROSSING_MAX_S 0.1
#define CROSSING_CUT_S 0.012            /* before the end of one that does not */
#define RESCALE_RATIO 1.5f              /* the latest half second louder than that: use it */
#define SUSTAINED_ON 3.0f
#define SUSTAINED_OFF 2.0f
#define HISTORY_S 0.5
#define LEARN_DELAY_S 0.1               /* by then a heartbeat has been taken out of the signal */
#define LSB_UV_MIN 1e-9
#define LSB_UV_MAX 1e6                  /* squares of 32 bits of them, added up for seconds, are floats */

enum {                                  /* what a step in the rings for late learning was */
        LATE_NOTHING,
        LATE_CALM,
        LATE_EVENT,
};

static const char *const kind_words[_EVENT_KIND_MAX] = {
#define KIND_WORD(name, word) [EVENT_##name] = word,
        TWITCHD_EVENT_KINDS(KIND_WORD)
#undef KIND_WORD
};

static const char *const cause_words[_ARTEFACT_CAUSE_MAX] = {
#define CAUSE_WORD(name, word) [ARTEFACT_##name] = word,
        TWITCHD_ARTEFACT_CAUSES(CAUSE_WORD)
#undef CAUSE_WORD
};

const char* event_kind_to_string(EventKind k) {
        return (unsigned) k < _EVENT_KIND_MAX ? kind_words[k] : NULL;
}

const char* artefact_cause_to_string(ArtefactCause c) {
        return (unsigned) c < _ARTEFACT_CAUSE_MAX ? cause_words[c] : NULL;
}

/* --- set-up --- */

static bool config_valid(const DetectConfig *c) {
        /* written so that NAN fails */
        if (!(c->rate_hz >= DETECT_RATE_HZ_MIN && c->rate_hz <= DETECT_RATE_HZ_MAX) ||
            !(c->false_alarms_per_hour >= DETECT_FALSE_ALARMS_PER_HOUR_MIN &&
              c->false_alarms_per_hour <= DETECT_FALSE_ALARMS_PER_HOUR_MAX) ||
            c->n_channels < 1 || c->n_channels > DETECT_CHANNELS_MAX ||
            !c->lsb_uv || !c->code_min || !c->code_max)
                return false;
        for (unsigned i = 0; i < c->n_channels; i++)
                if (!(c->lsb_uv[i] >= LSB_UV_MIN && c->lsb_uv[i] <= LSB_UV_MAX) ||
                    c->code_min[i] >= c->code_max[i])
                        return false;
        return true;
}

static uint64_t frames(const Detector *d, double seconds) {
        return (uint64_t) llround(seconds * d->config.rate_hz);
}

static unsigned steps(const Detector *d, double seconds) {
        return (unsigned) lround(seconds * d->step_rate_hz);
}

static int channel_init(Detector *d, Channel *c, unsigned i) {
        double lsb_uv = d->config.lsb_uv[i];

        raw_channel_init(&d->raw, i, d->config.code_min[i], d->config.code_max[i]);
        highpass_channel_init(&d->highpass, i, lsb_uv);
        c->fresh = true;
        c->rest_from = -INFINITY;
        motion_init(&c->motion, d->step_rate_hz);
        for (unsigned k = 0; k < BUMPS; k++)
                c->bumps[k].step = -INFINITY;

        int r = history_init(&c->history, steps(d, HISTORY_S));
        if (r >= 0)
                r = noise_init(&c->noise, d->step_rate_hz, d->bank.n_lanes, d->bank.weights, lsb_uv);
        if (r >= 0)
                r = whiten_init(&c->whiten, &d->bank, d->step_rate_hz);
        if (r >= 0)
                r = learned_init(&c->learned, d->bank.n_taps);
        if (r >= 0)
                r = heart_channel_init(&d->heart, &c->heart);
        c->late_outputs = calloc((size_t) d->late_steps * d->bank.n_lanes, sizeof *c->late_outputs);
        c->late_states = calloc(d->late_steps, sizeof *c->late_states);
        if (!c->late_outputs || !c->late_states)
                return -ENOMEM;
        return r;
}

static int detector_init(Detector *d) {
        unsigned highpass = highpass_length(d->config.rate_hz);

        d->n_lanes = (d->config.n_channels + 7) / 8 * 8;
        droop_init(&d->droop, d->config.rate_hz, d->config.sinc3);
        int r = lowpass_init(&d->lowpass, d->config.rate_hz, d->n_lanes, &d->droop);
        if (r >= 0)
                r = highpass_init(&d->highpass, highpass, d->n_lanes);
        if (r >= 0)
                r = raw_init(&d->raw, d->n_lanes, frames(d, FLAT_S));
        if (r < 0)
                return r;
        d->step_rate_hz = d->config.rate_hz / d->lowpass.decimation;
        r = bank_init(&d->bank, d->step_rate_hz, highpass / d->config.rate_hz);
        if (r < 0)
                return r;
        d->late_steps = steps(d, LEARN_DELAY_S);
        r = mains_init(&d->mains, d->step_rate_hz, d->late_steps - 1, d->n_lanes);
        if (r < 0)
                return r;
        heart_init(&d->heart, d->step_rate_hz);

        d->delay_frames = highpass - 1.0 + (d->lowpass.n_taps > 0 ? (d->lowpass.n_taps - 1) / 2.0 : 0);
        d->keep_frames = frames(d, KEEP_S);
        d->blank_frames = frames(d, BLANK_S);
        d->settle_frames = frames(d, MAINS_SETTLE_S) + 2 * highpass + d->lowpass.n_taps + d->bank.n_taps * d->lowpass.decimation;
        d->highpass_steps = highpass / d->lowpass.decimation;
        d->crossing_close_steps = steps(d, CROSSING_CLOSE_S);
        d->crossing_cut_steps = d->step_rate_hz < UNIT_RATE_HZ_MIN ? 0 : steps(d, CROSSING_CUT_S);
        d->crossing_max_steps = steps(d, CROSSING_MAX_S);
        d->mains_start_steps = steps(d, MAINS_START_S);
        d->noise_start_steps = steps(d, NOISE_START_S);
        d->threshold = (float) bank_threshold(&d->bank, d->config.false_alarms_per_hour);

        size_t chunk = (size_t) d->lowpass.decimation * d->n_lanes;
        d->codes = calloc(chunk, sizeof *d->codes);
        d->x = calloc(chunk, sizeof *d->x);
        d->outputs = calloc(d->bank.n_lanes, sizeof *d->outputs);
        d->channels = calloc(d->config.n_channels, sizeof *d->channels);
        d->active = calloc(d->config.n_channels, sizeof *d->active);
        d->late = calloc(d->n_lanes, sizeof *d->late);
        d->scratch = calloc((size_t) d->bank.n_taps * (2 + d->bank.n_lanes), sizeof *d->scratch);
        if (!d->codes || !d->x || !d->outputs || !d->scratch || !d->channels || !d->active || !d->late)
                return -ENOMEM;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                r = channel_init(d, d->channels + i, i);
                if (r < 0)
                        return r;
        }
        r = events_init(d);
        if (r >= 0)
                r = happenings_init(d);
        exposure_init(d);

        /* the caller's arrays are not ours to keep */
        d->config.lsb_uv = NULL;
        d->config.code_min = d->config.code_max = NULL;
        return r;
}

int detector_new(const DetectConfig *config, Detector **ret) {
        if (!config_valid(config))
                return -EINVAL;

        Detector *d = calloc(1, sizeof *d);
        if (!d)
                return -ENOMEM;
        d->config = *config;

        int r = detector_init(d);
        if (r < 0) {
                detector_free(d);
                return r;
        }
        *ret = d;
        return 0;
}

Detector* detector_free(Detector *d) {
        if (!d)
                return NULL;
        for (unsigned i = 0; d->channels && i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;
                history_done(&c->history);
                noise_done(&c->noise);
                whiten_done(&c->whiten);
                learned_done(&c->learned);
                heart_channel_done(&c->heart);
                free(c->late_outputs);
                free(c->late_states);
        }
        events_done(d);
        happenings_done(d);
        mains_done(&d->mains);
        bank_done(&d->bank);
        lowpass_done(&d->lowpass);
        highpass_done(&d->highpass);
        raw_done(&d->raw);
        free(d->codes);
        free(d->x);
        free(d->outputs);
        free(d->scratch);
        free(d->channels);
        free(d->active);
        free(d->late);
        free(d);
        return NULL;
}

/* --- time --- */

/* Steps are counted so that step s falls on frame s * decimation, gaps included. */
static uint64_t next_step(const Detector *d) {
        return (d->position + d->lowpass.decimation - 1) / d->lowpass.decimation;
}

double detector_frame_of_step(const Detector *d, double step) {
        double frame = step * d->lowpass.decimation - d->delay_frames;
        return frame > 0 ? frame : 0;
}

uint64_t detector_position(const Detector *d) {
        return d->position;
}

unsigned detector_latency_frames(const Detector *d) {
        double until_closed = fmax(d->events.gap + d->events.settle, heart_wait(&d->heart));

        return (unsigned) ceil(d->delay_frames + (until_closed + d->events.next + 2) * d->lowpass.decimation);
}

/* --- starting and stopping a channel --- */

static void channel_start(Detector *d, Channel *c, unsigned channel, int32_t code) {
        bool fresh = c->fresh || d->position - c->stopped_at > d->keep_frames;

        exposure_resume(d, c);
        c->running = true;
        d->n_running++;
        c->fresh = false;
        c->started_at = d->position;
        c->frames = 0;
        c->settled = false;
        highpass_restart(&d->highpass, channel, code);
        lowpass_restart(&d->lowpass, channel);
        history_restart(&c->history, (int64_t) next_step(d));
        motion_restart(&c->motion, highpass_low(&d->highpass, channel), (int64_t) next_step(d));
        c->measured_until = (double) next_step(d);
        memset(c->late_states, LATE_NOTHING, d->late_steps);
        mains_channel_run(&d->mains, channel, true);
        d->noise_moved = true;
        if (fresh) {
                c->steps = 0;
                mains_channel_restart(&d->mains, channel);
                mains_channel_listen(&d->mains, channel, d->mains_start_steps);
                noise_restart(&c->noise);
                whiten_restart(&c->whiten, &d->bank);
                learned_restart(&c->learned);
                c->heartbeat.beats = 0;
                heart_channel_restart(&d->heart, &c->heart);
        } else {
                mains_channel_break(&d->mains, channel);
                noise_break(&c->noise);
                whiten_break(&c->whiten);
                heart_channel_break(&c->heart);
        }
}

static void channel_stop(Detector *d, Channel *c, unsigned channel) {
        mains_channel_run(&d->mains, channel, false);
        d->n_running -= c->running;
        c->running = c->settled = c->usable = c->sustained = false;
        c->crossing.active = false;
        c->stopped_at = d->position;
}

static void spoilt_report(Detector *d, unsigned channel, Spoilt *s, ArtefactCause cause) {
        DetectArtefact artefact = {
                .id = s->notices.id,
                .n_merged = s->notices.n_merged,
                .cause = cause,
                .n_channels = 1,
                .channels = { channel },
                .from = (double) s->from,
                .to = (double) s->to,
        };

        memcpy(artefact.merged, s->notices.merged, sizeof artefact.merged);
        s->notices = (NoticeIds) { .id = 0 };
        s->active = false;
        if (d->config.on_artefact)
                d->config.on_artefact(&artefact, d->config.userdata);
}

/* Stretches less than the blank time apart are one artefact. */
static void spoilt_next(Detector *d, unsigned channel, Spoilt *s, ArtefactCause cause, bool now) {
        if (now) {
                if (!s->active)
                        s->from = d->position;
                s->active = true;
                s->to = d->position + 1;
        } else if (s->active && d->position - s->to >= d->blank_frames)
                spoilt_report(d, channel, s, cause);
}

/* Nothing to measure at this frame. */
static void channel_skip(Detector *d, Channel *c, unsigned channel) {
        bool rail = c->is_lead_off || c->is_saturated;

        exposure_spoilt(d, c, c->is_lead_off ? EXCLUSION_LEAD_OFF : c->is_saturated ? EXCLUSION_SATURATION : EXCLUSION_FLAT);
        if (c->running) {
                if (rail)
                        events_drop(d, channel, c->is_lead_off ? &c->lead_off.notices : &c->saturation.notices);
                notices_settle(d, channel);
                channel_stop(d, c, channel);
        }
        if (rail)
                c->hold_frames = d->blank_frames;
        else {
                /* Flat: something else may be connected next. */
                c->fresh = true;
                c->hold_frames = 0;
        }
}

/* --- a step of one channel --- */

/* Should a heartbeat be found in it later, it goes on from here. */
static void checkpoint(Channel *c) {
        c->checkpoints[c->next_checkpoint] = (Checkpoint) {
                .first = c->crossing.first, .measured_until = c->measured_until, .chain = c->chain,
        };
        c->next_checkpoint = (c->next_checkpoint + 1) % CHECKPOINTS;
        c->n_checkpoints += c->n_checkpoints < CHECKPOINTS;
}

/* The one before the first crossing from a step on; it and those after it are forgotten. */
static const Checkpoint* checkpoint_take(Channel *c, int64_t from) {
        const Checkpoint *first = NULL;

        while (c->n_checkpoints > 0) {
                unsigned latest = (c->next_checkpoint + CHECKPOINTS - 1) % CHECKPOINTS;

                if (c->checkpoints[latest].first < from)
                        break;
                first = c->checkpoints + latest;
                c->next_checkpoint = latest;
                c->n_checkpoints--;
        }
        return first;
}

/* What goes on is cut where it has gone on for long: not through a potential, the next crossing sees it whole. */
static void crossing_close(Detector *d, Channel *c, unsigned channel, int64_t step) {
        Discharge found[DISCHARGES_MAX] = { { .peak = 0 } };
        int64_t from = c->crossing.first - d->bank.n_taps + 1;
        int64_t to = c->crossing.last == step ? step - d->crossing_cut_steps : c->crossing.last;

        c->crossing.active = false;
        checkpoint(c);
        if ((double) from < c->measured_until)
                from = (int64_t) ceil(c->measured_until);
        size_t n = from <= to ? discharges_measure(&c->history, from, to, c->noise.sigma_uv, c->crossing.max,
                                                   d->step_rate_hz, found) : 0;
        for (size_t i = 0; i < n && d->droop.of_sizes; i++)
                found[i].amplitude_uv *= droop_gain(&d->droop, &c->history, found[i].onset, found[i].end);
        events_discharges(d, channel, found, n);
        for (size_t i = 0; i < n; i++)
                c->measured_until = fmax(c->measured_until, found[i].end + 1);
        notices_settle(d, channel);
}

static void crossing_next(Detector *d, Channel *c, unsigned channel, int64_t step, float statistic) {
        Crossing *x = &c->crossing;

        if (statistic >= d->threshold) {
                if (!x->active)
                        *x = (Crossing) { .active = true, .first = step };
                x->last = step;
                if (statistic > x->max) {
                        x->max = statistic;
                        x->max_at = step;
                }
        }
        if (x->active && !x->noticed && notices_ready(d, x, step))
                notices_give(d, channel);
        if (x->active && (step - x->last >= d->crossing_close_steps || step - x->first >= d->crossing_max_steps))
                crossing_close(d, c, channel, step);
}

static ALWAYS_INLINE float channel_statistic_any(const Detector *d, const Channel *c, int64_t step, float *ret_outputs) {
        const float *window = history_window_at(&c->history, step, d->bank.n_taps);
        float largest = bank_outputs(d->bank.n_taps, d->bank.n_lanes, c->whiten.taps, window, c->noise.inverse, ret_outputs);

        if (!noise_known(&c->noise))
                return 0;
        if (c->learned.n_lanes > 0)
                largest = learned_run(&c->learned, &d->bank, window, largest);
        /* The noise has grown faster than the long estimate follows. */
        if (c->noise.recent_uv > RESCALE_RATIO * c->noise.sigma_uv)
                largest *= RESCALE_RATIO * c->noise.sigma_uv / c->noise.recent_uv;
        return d->heart.known ? largest * heart_trust(&d->heart, &c->heart, step, d->bank.n_taps) : largest;
}

/* At a step that the history still holds. In standard deviations of its own noise: the filter that says most. */
STATIC_VECTOR_FUNCTION(float, channel_statistic, (const Detector *d, const Channel *c, int64_t step, float *ret_outputs),
                       (d, c, step, ret_outputs))

/* Where there is a heart, mains and noise learn from the signal as it is known after a while. */
static const float* channel_learned_from(const Detector *d, const Channel *c) {
        return history_window(&c->history, d->heart.known ? d->late_steps : 1);
}

/* True at the end of a block. */
static ALWAYS_INLINE bool channel_learn(Detector *d, Channel *c) {
        unsigned at = d->heart.known ? d->mains.late : d->mains.now;
        const float *y = channel_learned_from(d, c);

        if (c->late_states[at] == LATE_NOTHING)
                return false;
        bool event = c->late_states[at] == LATE_EVENT;
        whiten_feed(&c->whiten, y, event);
        NoiseBlock block = noise_feed(&c->noise, *y, c->late_outputs + (size_t) at * d->bank.n_lanes, event,
                                      c->chain.open && c->chain.sustained);
        if (block == NOISE_BLOCK_UNDER_WAY)
                return false;
        if (whiten_block_end(&c->whiten, block == NOISE_BLOCK_QUIET, &d->bank, d->scratch, &c->noise))
                learned_refit(d, c);
        learned_update(&c->learned, &c->noise);
        d->noise_moved = true;
        return true;
}

/* The mains off all channels, and what they learn from that. */
static void clean_step(Detector *d) {
        mains_subtract(&d->mains, d->x);
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (!c->running)
                        continue;
                float y = d->x[i];
                if (d->heart.beat_under_way)
                        y = heart_subtract(&d->heart, &c->heart, d->step, y);
                history_push(&c->history, y);
                if (motion_add(&c->motion, y))
                        motion_tick(&c->motion, highpass_low(&d->highpass, i));
                d->x[i] = y;
                if (d->heart.known)
                        d->late[i] = *channel_learned_from(d, c);
                if (d->noise_moved)
                        mains_channel_expect(&d->mains, i, noise_known(&c->noise) ? c->noise.sigma_uv : 0, c->noise.recent_uv);
        }
        d->noise_moved = false;
        mains_learn(&d->mains, d->heart.known ? d->late : d->x, d->heart.known);
}

/* What the statistic of a channel that has settled means. */
static __attribute__((noinline)) void channel_judge(Detector *d, Channel *c, unsigned channel, int64_t step, float statistic) {
        crossing_next(d, c, channel, step, statistic);
        events_statistic(d, channel, (double) step, statistic);
        c->sustained = c->noise.recent_uv > (c->sustained ? SUSTAINED_OFF : SUSTAINED_ON) * c->noise.sigma_uv;
        if (c->sustained)
                events_sustained(d, channel, (double) step);
        c->usable = (!c->chain.open || !c->chain.sustained) && (double) step >= c->rest_from;
        exposure_state(d, c, step, c->usable ? EXPOSURE_REST : EXCLUSION_CONTRACTION);
}

/* The channel has been at rest, and nothing at this step can change that. */
static bool channel_rests(const Detector *d, const Channel *c, int64_t step, float statistic, bool noise_moved) {
        return statistic < d->heed && !c->crossing.active && !c->chain.open && !noise_moved && !c->sustained &&
                c->exposure.state == EXPOSURE_REST && (double) step >= c->rest_from;
}

static ALWAYS_INLINE void channel_step(Detector *d, Channel *c, unsigned channel, int64_t step) {
        unsigned now = d->mains.now;
        float statistic = channel_statistic_any(d, c, step, c->late_outputs + (size_t) now * d->bank.n_lanes);

        c->late_states[now] = statistic >= d->threshold ? LATE_EVENT : LATE_CALM;
        bool noise_moved = channel_learn(d, c);
        if (channel_rests(d, c, step, statistic, noise_moved))
                c->usable = true;
        else
                channel_judge(d, c, channel, step, statistic);
}

/* The same until it has settled. */
static __attribute__((noinline)) void channel_settle(Detector *d, Channel *c, unsigned channel, int64_t step) {
        unsigned now = d->mains.now;
        float statistic = 0;

        c->frames = d->position - c->started_at;
        c->usable = false;
        c->late_states[now] = LATE_NOTHING;
        if (c->steps++ >= d->noise_start_steps && c->frames >= d->settle_frames) {
                statistic = channel_statistic(d, c, step, c->late_outputs + (size_t) now * d->bank.n_lanes);
                c->late_states[now] = statistic >= d->threshold ? LATE_EVENT : LATE_CALM;
        }
        (void) channel_learn(d, c);
        c->settled = c->late_states[now] != LATE_NOTHING && noise_known(&c->noise) && c->frames >= c->hold_frames;
        if (c->settled)
                channel_judge(d, c, channel, step, statistic);
        else
                exposure_state(d, c, step, c->exposure.unusable);
}

/* What the channel had taken for a twitch was part of a heartbeat. */
static void heart_report(Detector *d, unsigned channel, const Chain *chain, const NoticeIds *notices) {
        DetectArtefact artefact = {
                .id = notices->id,
                .n_merged = notices->n_merged,
                .cause = ARTEFACT_ECG,
                .n_channels = 1,
                .channels = { channel },
                .from = detector_frame_of_step(d, chain->onset),
                .to = detector_frame_of_step(d, chain->end),
        };

        exposure_exclude(d, d->channels + channel, chain->onset, chain->end, EXCLUSION_ECG);
        memcpy(artefact.merged, notices->merged, sizeof artefact.merged);
        if (d->config.on_artefact)
                d->config.on_artefact(&artefact, d->config.userdata);
}

/* The beat that was subtracted from the history, from a step on: what was seen there is seen anew. */
static void channel_again(Detector *d, Channel *c, unsigned channel, int64_t from, int64_t step) {
        Crossing *x = &c->crossing;
        NoticeIds notices = { .id = 0 };
        Chain before = c->chain;

        memset(c->late_states, LATE_NOTHING, d->late_steps);    /* no noise to learn from, where not seen anew */
        const Checkpoint *checkpoint = checkpoint_take(c, from);
        if (!c->running || !noise_known(&c->noise) || c->frames < c->hold_frames || (!checkpoint && !x->active))
                return;
        from = x->first;
        notices_take(d, channel, &notices);
        if (checkpoint)
                from = checkpoint->first;
        if (!before.open) {             /* there has been a notice at most */
                before.onset = (double) (from - d->bank.n_taps / 2);
                before.end = (double) (x->active ? x->last : from);
        }
        if (checkpoint) {
                c->measured_until = checkpoint->measured_until;
                if (checkpoint->chain.open)
                        events_restore(d, channel, &checkpoint->chain);
                else if (c->chain.open)
                        events_retract(d, channel, &notices);
        }
        x->active = false;
        for (unsigned i = 0; i < BUMPS; i++)
                if (c->bumps[i].step >= (double) from)
                        c->bumps[i] = (Bump) { .step = -INFINITY };
        notices_keep(d, channel, &notices);
        for (int64_t s = from; s <= step; s++) {
                float statistic = channel_statistic(d, c, s, d->outputs);
                crossing_next(d, c, channel, s, statistic);
                events_statistic(d, channel, (double) s, statistic);
        }
        notices = notices_kept(d, channel);
        if (notices.id != 0 && !(c->chain.open && notices_merge(&d->events.open[c->chain.event].notices, &notices)))
                heart_report(d, channel, &before, &notices);
}

/* --- frames --- */

/* Whether each channel can be used at this frame, which raw_next() has been given. */
static void look_at_frame(Detector *d, const int32_t *codes, const uint8_t *flags) {
        d->undisturbed = true;
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                c->is_lead_off = flags && flags[i] & DETECT_SAMPLE_LEAD_OFF;
                c->is_saturated = raw_saturated(&d->raw, i);
                c->is_flat = raw_flat(&d->raw, i);
                bool good = !c->is_lead_off && !c->is_saturated && !c->is_flat;

                if (!good || c->lead_off.active || c->saturation.active) {
                        spoilt_next(d, i, &c->lead_off, ARTEFACT_LEAD_OFF, c->is_lead_off);
                        spoilt_next(d, i, &c->saturation, ARTEFACT_SATURATION, c->is_saturated);
                }
                if (!good)
                        channel_skip(d, c, i);
                else if (!c->running)
                        channel_start(d, c, i, codes[i]);
                d->undisturbed = d->undisturbed && good && !c->lead_off.active && !c->saturation.active;
        }
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
        if (heart_step(d, d->step, &from))
                for (unsigned i = 0; i < d->config.n_channels; i++)
                        channel_again(d, d->channels + i, i, from, d->step);
        events_step(d, (double) d->step);
        if (d->step >= d->exposure.look_at)
                exposure_look(d);
}

/* The filters before the steps, all channels side by side. */
static void filter_frames(Detector *d, const int32_t *codes, unsigned n_frames) {
        highpass_next(&d->highpass, codes, n_frames, d->x);
        if (d->lowpass.n_taps > 0)
                lowpass_feed(&d->lowpass, d->x, n_frames);
}

static ALWAYS_INLINE void judge_step_any(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (c->settled)
                        channel_step(d, c, i, d->step);
                else if (c->running)
                        channel_settle(d, c, i, d->step);
        }
}

/* Each channel by itself. */
STATIC_VECTOR_FUNCTION(void, judge_step, (Detector *d), (d))

/* At the latest frame. */
static void step(Detector *d) {
        d->step = (int64_t) ((d->position - 1) / d->lowpass.decimation);
        mains_oscillate(&d->mains);
        if (d->lowpass.n_taps > 0)
                lowpass_run(&d->lowpass, d->x);
        clean_step(d);
        judge_step(d);
        step_end(d);
}

/* Codes of frames for all lanes: the caller's own, if they are for as many. */
static const int32_t *lay_out(Detector *d, const int32_t *samples, unsigned n_frames) {
        unsigned n = d->config.n_channels;

        if (n == d->n_lanes)
                return samples;
        for (unsigned f = 0; f < n_frames; f++)
                memcpy(d->codes + (size_t) f * d->n_lanes, samples + (size_t) f * n, n * sizeof *samples);
        return d->codes;
}

/* A frame at which each channel has to be looked at by itself; raw_next() has been given it. */
static void push_frame(Detector *d, const int32_t *codes, const uint8_t *flags) {
        look_at_frame(d, codes, flags);
        filter_frames(d, codes, 1);
        d->position++;
}

/* Frames up to that of the next step. */
static void push_frames(Detector *d, const int32_t *codes, const uint8_t *flags, unsigned n_frames) {
        while (n_frames > 0) {
                bool watch = flags || !d->undisturbed;
                unsigned look = watch ? 1 : n_frames, good = raw_next(&d->raw, codes, look), n = watch ? 0 : good;

                filter_frames(d, codes, n);
                d->position += n;
                if (n < look)
                        push_frame(d, codes + (size_t) n++ * d->n_lanes, flags);
                codes += (size_t) n * d->n_lanes;
                flags = flags ? flags + (size_t) n * d->config.n_channels : NULL;
                n_frames -= n;
        }
}

static bool any_flag(const uint8_t *flags, size_t n) {
        uint8_t any = 0;

        for (size_t i = 0; i < n; i++)
                any |= flags[i];
        return any != 0;
}

void detector_push(Detector *d, const int32_t *samples, const uint8_t *flags, size_t n_frames) {
        unsigned n = d->config.n_channels, decimation = d->lowpass.decimation;

        while (n_frames > 0) {
                unsigned until_step = (unsigned) (next_step(d) * decimation - d->position) + 1;
                unsigned chunk = n_frames < until_step ? (unsigned) n_frames : until_step;

                push_frames(d, lay_out(d, samples, chunk), flags && any_flag(flags, (size_t) chunk * n) ? flags : NULL, chunk);
                samples += (size_t) chunk * n;
                flags = flags ? flags + (size_t) chunk * n : NULL;
                n_frames -= chunk;
                if (chunk == until_step)
                        step(d);
        }
}

static void stop_all(Detector *d) {
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;

                if (c->crossing.active)
                        crossing_close(d, c, i, INT64_MAX);
        }
        events_flush(d);
        for (unsigned i = 0; i < d->config.n_channels; i++)
                if (d->channels[i].running) {
                        exposure_stop(d, d->channels + i);
                        channel_stop(d, d->channels + i, i);
                        d->channels[i].hold_frames = 0;
                }
        d->undisturbed = false;
}

void detector_gap(Detector *d, uint64_t n_frames) {
        if (n_frames == 0)
                return;
        stop_all(d);

        DetectArtefact artefact = {
                .cause = ARTEFACT_GAP,
                .from = (double) d->position,
                .to = (double) (d->position + n_frames),
        };
        for (unsigned i = 0; i < d->config.n_channels && i < DETECT_EVENT_CHANNELS_MAX; i++)
                artefact.channels[artefact.n_channels++] = i;
        if (d->config.on_artefact)
                d->config.on_artefact(&artefact, d->config.userdata);

        exposure_gap(d, n_frames);
        heart_break(&d->heart);
        uint64_t before = next_step(d);
        d->position += n_frames;
        mains_advance(&d->mains, next_step(d) - before);
        raw_break(&d->raw);
}

void detector_finish(Detector *d) {
        if (d->finished)
                return;
        d->finished = true;
        stop_all(d);
        for (unsigned i = 0; i < d->config.n_channels; i++) {
                Channel *c = d->channels + i;
                if (c->lead_off.active)
                        spoilt_report(d, i, &c->lead_off, ARTEFACT_LEAD_OFF);
                if (c->saturation.active)
                        spoilt_report(d, i, &c->saturation, ARTEFACT_SATURATION);
        }
        exposure_finish(d);
}

double detector_floor_uv(const Detector *d, const Channel *c) {
        return d->droop.usual_gain * bank_floor_uv(&d->bank, c->whiten.taps, c->noise.inverse, (double) d->threshold);
}

int detector_get_channel_stats(const Detector *d, unsigned channel, DetectChannelStats *ret) {
        if (channel >= d->config.n_channels)
                return -EINVAL;

        const Channel *c = d->channels + channel;
        double noise_uv = NAN, floor_uv = NAN;

        if (noise_known(&c->noise)) {
                noise_uv = (double) c->noise.sigma_uv;
                floor_uv = detector_floor_uv(d, c);
        }
        *ret = (DetectChannelStats) {
                .noise_uv = noise_uv,
                .floor_uv = floor_uv,
                .exposure_s = exposure_s(d, c),
                .events = c->n_events,
                .minutes = c->exposure.n_minutes,
                .voluntary_minutes = c->exposure.n_voluntary,
                .rest_s = c->exposure.rest_frames / d->config.rate_hz,
                .rest_twitches = c->exposure.rest_twitches,
                .lead_off = c->is_lead_off,
                .saturated = c->is_saturated,
                .flat = c->is_flat,
        };
        return 0;
}
