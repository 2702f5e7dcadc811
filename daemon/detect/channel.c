/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A channel by itself: set up, started, stopped, and skipped while there is nothing to measure.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "daemon/detect/artefacts/artefact.h"
#include "daemon/detect/artefacts/crosstalk.h"
#include "daemon/detect/artefacts/motion.h"
#include "daemon/detect/base/history.h"
#include "daemon/detect/conditioning/decimator.h"
#include "daemon/detect/conditioning/highpass.h"
#include "daemon/detect/conditioning/line-finder.h"
#include "daemon/detect/conditioning/mains.h"
#include "daemon/detect/conditioning/tones.h"
#include "daemon/detect/conditioning/validity.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/events/assembly.h"
#include "daemon/detect/events/notice-ids.h"
#include "daemon/detect/events/notices.h"
#include "daemon/detect/potentials/unit-templates.h"
#include "daemon/detect/statistic/level.h"
#include "daemon/detect/statistic/noise.h"
#include "daemon/detect/statistic/whiten.h"
#include "detect.h"
#include "detector.h"
#include "exposure.h"

#define HISTORY_S CROSSTALK_WINDOW_S

int channel_init(Detector *d, Channel *c, unsigned i) {
        double lsb_uv = d->config.lsb_uv[i];

        validity_channel_init(&d->validity, i, d->config.code_min[i], d->config.code_max[i]);
        highpass_channel_init(&d->highpass, i, lsb_uv);
        c->fresh = true;
        c->post_activity_until = -INFINITY;
        motion_init(&c->motion, d->step_rate_hz);
        for (unsigned k = 0; k < SUBTHRESHOLD_PEAKS; k++)
                c->subthreshold_peaks[k].step = -INFINITY;

        int r = history_init(&c->history, (unsigned) lround(HISTORY_S * d->step_rate_hz));
        if (r >= 0)
                r = noise_init(&c->noise, d->step_rate_hz, d->eval_steps, d->bank.n_lanes, d->bank.weights,
                               lsb_uv);
        if (r >= 0)
                r = whiten_init(&c->whiten, &d->bank, d->step_rate_hz, d->eval_steps);
        if (r >= 0)
                r = unit_templates_init(&c->unit_templates, d->bank.n_taps);
        if (r >= 0)
                r = ecg_template_init(&d->ecg, &c->ecg);
        c->eval_outputs = calloc((size_t) d->n_evals * d->bank.n_lanes, sizeof *c->eval_outputs);
        c->eval_states = calloc(d->n_evals, sizeof *c->eval_states);
        if (!c->eval_outputs || !c->eval_states)
                return -ENOMEM;
        return r;
}

void channel_done(Channel *c) {
        history_done(&c->history);
        noise_done(&c->noise);
        whiten_done(&c->whiten);
        unit_templates_done(&c->unit_templates);
        ecg_template_done(&c->ecg);
        free(c->eval_outputs);
        free(c->eval_states);
}

/* Noise learns nothing from them. */
void channel_forget_evals(const Detector *d, Channel *c) {
        memset(c->eval_states, EVAL_NOTHING, d->n_evals);
}

static void forget_noise(const Detector *d, Channel *c) {
        c->steps = 0;
        noise_restart(&c->noise);
        level_restart(&c->level);
        whiten_restart(&c->whiten, &d->bank);
        c->amplitude.fits = false;
        unit_templates_restart(&c->unit_templates);
}

void channel_relearn(Detector *d, Channel *c) {
        c->settled = c->usable = c->sustained = false;
        channel_forget_evals(d, c);
        forget_noise(d, c);
        d->noise_moved = true;
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
        decimator_restart(&d->decimator, channel);
        history_restart(&c->history, d->next_step);
        motion_restart(&c->motion, highpass_low(&d->highpass, d->highpass.sum_of_sums, channel),
                       d->next_step);
        slow_beats_restart(&d->ecg.slow, channel,
                           highpass_low(&d->highpass, d->highpass.sum_of_sums, channel), d->next_step);
        c->measured_until = (double) d->next_step;
        channel_forget_evals(d, c);
        mains_channel_run(&d->mains, channel, true);
        d->noise_moved = true;
        line_finder_restart(&d->lines, channel);
        c->tone_fits = 0;
        if (fresh) {
                mains_channel_restart(&d->mains, channel);
                mains_channel_listen(&d->mains, channel, d->mains_start_steps);
                forget_noise(d, c);
                c->qrs.beats = 0;
                ecg_template_restart(&d->ecg, &c->ecg);
        } else {
                mains_channel_break(&d->mains, channel);
                noise_break(&c->noise);
                whiten_break(&c->whiten);
                ecg_template_break(&c->ecg);
        }
}

void channel_stop(Detector *d, Channel *c, unsigned channel) {
        mains_channel_run(&d->mains, channel, false);
        tones_channel_restart(&d->tones, channel);
        d->n_running -= c->running;
        c->running = c->settled = c->usable = c->sustained = false;
        c->crossing.active = false;
        c->stopped_at = d->position;
}

static void invalid_report(Detector *d, unsigned channel, InvalidInterval *s, ArtefactCause cause) {
        artefact_report(d, cause, &s->notices, &channel, 1, (double) s->from, (double) s->to);
        s->notices = (NoticeIds) { .id = 0 };
        s->active = false;
}

/* Stretches less than the blank time apart are one artefact. */
static void invalid_next(Detector *d, unsigned channel, InvalidInterval *s, ArtefactCause cause, bool now) {
        if (now) {
                if (!s->active)
                        s->from = frames_until_now(d);
                s->active = true;
                s->to = frames_until_now(d) + 1;
        } else if (s->active && frames_until_now(d) - s->to >= d->blank_frames)
                invalid_report(d, channel, s, cause);
}

/* Nothing to measure at this frame. */
static void channel_skip(Detector *d, Channel *c, unsigned channel) {
        bool rail = c->is_lead_off || c->is_saturated;

        exposure_invalid(d, c,
                         c->is_lead_off          ? EXCLUSION_LEAD_OFF :
                                 c->is_saturated ? EXCLUSION_SATURATION :
                                                   EXCLUSION_FLAT);
        if (c->running) {
                if (rail)
                        assembly_drop(d, channel,
                                      c->is_lead_off ? &c->lead_off.notices : &c->saturation.notices);
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

/*
 * A frame which validity_next() has been given. True: the channel measures, and no artefact of it is under
 * way.
 */
bool channel_check(Detector *d, Channel *c, unsigned channel, int32_t code, bool is_lead_off) {
        c->is_lead_off = is_lead_off;
        c->is_saturated = validity_saturated(&d->validity, channel, d->position);
        c->is_flat = validity_flat(&d->validity, channel);
        bool good = !c->is_lead_off && !c->is_saturated && !c->is_flat;

        if (!good || c->lead_off.active || c->saturation.active) {
                invalid_next(d, channel, &c->lead_off, ARTEFACT_LEAD_OFF, c->is_lead_off);
                invalid_next(d, channel, &c->saturation, ARTEFACT_SATURATION, c->is_saturated);
        }
        if (!good)
                channel_skip(d, c, channel);
        else if (!c->running)
                channel_start(d, c, channel, code);
        return good && !c->lead_off.active && !c->saturation.active;
}

/* What it knows of its units, and when something was, is of another time. */
void channel_begin(Detector *d, Channel *c, unsigned channel) {
        mains_channel_restart(&d->mains, channel);
        c->hum.begins = true;
        c->fresh = c->fresh || !noise_known(&c->noise);
        c->post_activity_until = -INFINITY;
        c->units = (Units) { .n = 0 };
        unit_templates_restart(&c->unit_templates);
        c->crosstalk = (Crosstalk) { 0 };
        c->n_events = 0;
        for (unsigned k = 0; k < SUBTHRESHOLD_PEAKS; k++)
                c->subthreshold_peaks[k].step = -INFINITY;
}

/* No frames will come. */
void channel_finish(Detector *d, Channel *c, unsigned channel) {
        if (c->lead_off.active)
                invalid_report(d, channel, &c->lead_off, ARTEFACT_LEAD_OFF);
        if (c->saturation.active)
                invalid_report(d, channel, &c->saturation, ARTEFACT_SATURATION);
}
