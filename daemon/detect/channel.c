/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A channel by itself: set up, started, stopped, and skipped while there is nothing to measure.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "crosstalk.h"
#include "detect.h"
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
#include "notice-ids.h"
#include "notices.h"
#include "raw.h"
#include "whiten.h"

#define HISTORY_S CROSSTALK_WINDOW_S

int channel_init(Detector *d, Channel *c, unsigned i) {
        double lsb_uv = d->config.lsb_uv[i];

        raw_channel_init(&d->raw, i, d->config.code_min[i], d->config.code_max[i]);
        highpass_channel_init(&d->highpass, i, lsb_uv);
        c->fresh = true;
        c->rest_from = -INFINITY;
        motion_init(&c->motion, d->step_rate_hz);
        for (unsigned k = 0; k < BUMPS; k++)
                c->bumps[k].step = -INFINITY;

        int r = history_init(&c->history, (unsigned) lround(HISTORY_S * d->step_rate_hz));
        if (r >= 0)
                r = noise_init(&c->noise, d->step_rate_hz, d->look_steps, d->bank.n_lanes, d->bank.weights, lsb_uv);
        if (r >= 0)
                r = whiten_init(&c->whiten, &d->bank, d->step_rate_hz, d->look_steps);
        if (r >= 0)
                r = learned_init(&c->learned, d->bank.n_taps);
        if (r >= 0)
                r = heart_channel_init(&d->heart, &c->heart);
        c->look_outputs = calloc((size_t) d->n_looks * d->bank.n_lanes, sizeof *c->look_outputs);
        c->look_states = calloc(d->n_looks, sizeof *c->look_states);
        if (!c->look_outputs || !c->look_states)
                return -ENOMEM;
        return r;
}

void channel_done(Channel *c) {
        history_done(&c->history);
        noise_done(&c->noise);
        whiten_done(&c->whiten);
        learned_done(&c->learned);
        heart_channel_done(&c->heart);
        free(c->look_outputs);
        free(c->look_states);
}

/* Noise learns nothing from them. */
void channel_forget_looks(const Detector *d, Channel *c) {
        memset(c->look_states, LOOK_NOTHING, d->n_looks);
}

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
        history_restart(&c->history, d->next_step);
        motion_restart(&c->motion, highpass_low(&d->highpass, d->highpass.sum_of_sums, channel), d->next_step);
        c->measured_until = (double) d->next_step;
        channel_forget_looks(d, c);
        mains_channel_run(&d->mains, channel, true);
        d->noise_moved = true;
        if (fresh) {
                c->steps = 0;
                mains_channel_restart(&d->mains, channel);
                mains_channel_listen(&d->mains, channel, d->mains_start_steps);
                noise_restart(&c->noise);
                whiten_restart(&c->whiten, &d->bank);
                c->size.fits = false;
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

void channel_stop(Detector *d, Channel *c, unsigned channel) {
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

/* A frame which raw_next() has been given. True: the channel measures, and no artefact of it is under way. */
bool channel_check(Detector *d, Channel *c, unsigned channel, int32_t code, bool is_lead_off) {
        c->is_lead_off = is_lead_off;
        c->is_saturated = raw_saturated(&d->raw, channel, d->position);
        c->is_flat = raw_flat(&d->raw, channel);
        bool good = !c->is_lead_off && !c->is_saturated && !c->is_flat;

        if (!good || c->lead_off.active || c->saturation.active) {
                spoilt_next(d, channel, &c->lead_off, ARTEFACT_LEAD_OFF, c->is_lead_off);
                spoilt_next(d, channel, &c->saturation, ARTEFACT_SATURATION, c->is_saturated);
        }
        if (!good)
                channel_skip(d, c, channel);
        else if (!c->running)
                channel_start(d, c, channel, code);
        return good && !c->lead_off.active && !c->saturation.active;
}

/* No frames will come. */
void channel_finish(Detector *d, Channel *c, unsigned channel) {
        if (c->lead_off.active)
                spoilt_report(d, channel, &c->lead_off, ARTEFACT_LEAD_OFF);
        if (c->saturation.active)
                spoilt_report(d, channel, &c->saturation, ARTEFACT_SATURATION);
}
