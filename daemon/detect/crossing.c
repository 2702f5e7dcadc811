/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the statistic of a channel is above the threshold there is something: how far that goes on, and what
 * is found in it. Once more, should a heartbeat be found there later.
 */
#include <math.h>
#include <string.h>

#include "crossing.h"
#include "daemon/detect/artefacts/artefact.h"
#include "daemon/detect/conditioning/droop.h"
#include "daemon/detect/ecg/ecg-tracker.h"
#include "daemon/detect/events/activity.h"
#include "daemon/detect/events/assembly.h"
#include "daemon/detect/events/notice-ids.h"
#include "daemon/detect/events/notices.h"
#include "daemon/detect/potentials/amplitude.h"
#include "daemon/detect/potentials/discharge.h"
#include "daemon/detect/potentials/units.h"
#include "daemon/detect/statistic/noise.h"
#include "channel.h"
#include "detect.h"
#include "detector.h"
#include "exposure.h"

/* Should a heartbeat be found later in what is being measured, it goes on from here. */
void crossing_checkpoint(Channel *c) {
        c->checkpoints[c->next_checkpoint] = (Checkpoint) {
                .first = c->crossing.first, .measured_until = c->measured_until, .activity = c->activity,
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

/*
 * What goes on is cut where it has gone on for long: not through a potential, the next crossing sees it
 * whole.
 */
void crossing_close(Detector *d, Channel *c, unsigned channel, int64_t step) {
        Discharge found[DISCHARGES_MAX] = { { .peak = 0 } };
        int64_t from = c->crossing.first - d->bank.n_taps + 1;
        int64_t to = c->crossing.last == step ? step - d->crossing_cut_steps : c->crossing.last;

        c->crossing.active = false;
        crossing_checkpoint(c);
        if ((double) from < c->measured_until)
                from = (int64_t) ceil(c->measured_until);
        size_t n = from <= to ? discharges_measure(&c->history, from, to, c->noise.sigma_uv, c->crossing.max,
                                                   d->step_rate_hz, found) : 0;
        if (n > 0 && !c->amplitude.fits)
                amplitude_refit(&c->amplitude, &d->amplitude_templates, &c->whiten, d->step_rate_hz);
        for (size_t i = 0; i < n && d->step_rate_hz >= AMPLITUDE_RATE_HZ_MIN; i++)
                found[i].amplitude_uv = amplitude_estimate_uv(
                        &c->amplitude, &d->amplitude_templates, &c->units, &c->history,
                        unit_middle(&c->history, found + i, c->noise.sigma_uv, d->step_rate_hz),
                        found[i].amplitude_uv, c->noise.sigma_uv, d->step_rate_hz);
        for (size_t i = 0; i < n && d->droop.of_amplitudes; i++)
                found[i].amplitude_uv *= droop_gain(&d->droop, &c->history, found[i].onset, found[i].end);
        assembly_discharges(d, channel, found, n);
        for (size_t i = 0; i < n; i++)
                c->measured_until = fmax(c->measured_until, found[i].end + 1);
        notices_settle(d, channel);
}

void crossing_next(Detector *d, Channel *c, unsigned channel, int64_t step, float statistic) {
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
        if (x->active && !x->noticed && notices_ready(d, c, step))
                notices_give(d, channel);
        if (x->active &&
            (step - x->last >= d->crossing_close_steps || step - x->first >= d->crossing_max_steps))
                crossing_close(d, c, channel, step);
}

/* What the channel had taken for a twitch was part of a heartbeat. */
static void ecg_report(Detector *d, unsigned channel, const Activity *activity, const NoticeIds *notices) {
        exposure_exclude(d, d->channels + channel, activity->onset, activity->end, EXCLUSION_ECG);
        artefact_report(d, ARTEFACT_ECG, notices, &channel, 1, detector_frame_of_step(d, activity->onset),
                        detector_frame_of_step(d, activity->end));
}

/*
 * The statistic of a step where a beat has been subtracted since. Noise learns from what is left, but not
 * where that is known to be more than noise.
 */
static float statistic_again(Detector *d, Channel *c, int64_t s, int64_t step) {
        unsigned ago = (unsigned) (step / d->eval_steps - s / d->eval_steps);

        if (s % d->eval_steps != 0 || ago >= d->n_evals)
                return channel_statistic(d, c, s, d->outputs);
        unsigned at = (d->eval_index + d->n_evals - ago) % d->n_evals;
        float statistic = channel_statistic(d, c, s, c->eval_outputs + (size_t) at * d->bank.n_lanes);
        if (c->eval_states[at] != EVAL_NOTHING)
                c->eval_states[at] = ecg_weight(&d->ecg, &c->ecg, s, d->bank.n_taps) < 1 ? EVAL_NOTHING :
                        statistic >= d->threshold ? EVAL_EVENT : EVAL_CALM;
        return statistic;
}

/* The beat that was subtracted from the history, from a step on: what was seen there is seen anew. */
void crossing_again(Detector *d, Channel *c, unsigned channel, int64_t from, int64_t step) {
        Crossing *x = &c->crossing;
        NoticeIds notices = { .id = 0 };
        Activity before = c->activity;

        const Checkpoint *checkpoint = checkpoint_take(c, from);
        if (!c->running || !noise_known(&c->noise) || c->frames < c->hold_frames) {
                channel_forget_evals(d, c);
                return;
        }
        if (!checkpoint && !x->active) {
                for (int64_t s = from; s <= step; s++)
                        (void) statistic_again(d, c, s, step);
                return;
        }
        int64_t first = from;
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
                if (checkpoint->activity.open)
                        assembly_restore(d, channel, &checkpoint->activity);
                else if (c->activity.open)
                        assembly_retract(d, channel, &notices);
        }
        x->active = false;
        for (unsigned i = 0; i < SUBTHRESHOLD_PEAKS; i++)
                if (c->subthreshold_peaks[i].step >= (double) from)
                        c->subthreshold_peaks[i] = (SubthresholdPeak) { .step = -INFINITY };
        notices_keep(d, channel, &notices);
        for (int64_t s = first < from ? first : from; s <= step; s++) {
                float statistic = statistic_again(d, c, s, step);

                if (s < from)
                        continue;
                crossing_next(d, c, channel, s, statistic);
                assembly_statistic(d, channel, (double) s, statistic);
        }
        ecg_early(&d->ecg, &c->ecg, before.first_peak, before.open && !c->activity.open ? before.snr : 0);
        notices = notices_kept(d, channel);
        if (notices.id != 0 &&
            !(c->activity.open && notices_merge(&d->assembly.open[c->activity.event].notices, &notices)))
                ecg_report(d, channel, &before, &notices);
}
