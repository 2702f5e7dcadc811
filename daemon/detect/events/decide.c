/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a candidate event is part of: a train, groups, work, a jerk? It waits until nothing that could belong
 * to it can come any more, and is then reported as what it was, or disappears in what it was part of.
 *
 * Numbers: reference to the kinds of the design; Sleutjes 2016 (isolated: 250 ms), Minetto 2009 (cramps).
 */
#include <math.h>
#include <string.h>

#include "decide.h"
#include "daemon/detect/detect.h"
#include "daemon/detect/detector.h"
#include "daemon/detect/exposure.h"
#include "daemon/detect/statistic/noise.h"
#include "activity.h"
#include "assembly.h"
#include "candidate.h"
#include "candidates.h"
#include "contraction.h"
#include "trains.h"

#define HOLD_S 3.0                      /* while one follows on the other it may be the beginning of work */
#define CRAMP_S 5.0
#define LENGTH_MAX_S 60.0               /* then it is reported, and goes on as another */
#define MUST_WAIT_S 0.1
/* three of the slowest heart, five of a typical one whose pace is uneven: see qrs-detector.c */
#define FIRST_BEATS_S 6.0
#define FAINT 1.5f                      /* to the threshold; chosen as BEAT_RATIO in artefact.c */
#define SUSPECTED_S 10.0                /* so far back slow-beats.c finds beats; by definition of its ring */

/* --- reports --- */

static unsigned n_usable(const Detector *d) {
        unsigned n = 0;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                n += d->channels[i].running && noise_known(&d->channels[i].noise);
        return n;
}

/* Channels whose own muscle was at work, not such as saw a twitch or a jerk meanwhile. */
static unsigned n_contracting(const CandidateEvent *h) {
        unsigned n = 0;
        for (size_t i = 0; i < h->n_channels; i++)
                n += h->contraction_to[i] > h->contraction_from[i];
        return n;
}

static EventKind kind_of(const Detector *d, const CandidateEvent *h) {
        switch (h->class) {
        case CLASS_FASCICULATION:
                return h->n_discharges >= 3  ? EVENT_MULTIPLET :
                        h->n_discharges == 2 ? EVENT_DOUBLET :
                                               EVENT_FASCICULATION;
        case CLASS_UNIT_TRAIN: /* or some discharges of what would be one, could more be seen */
                return h->n_discharges >= TRAIN_MIN ? EVENT_UNIT_TRAIN : EVENT_UNCLASSIFIED;
        case CLASS_GROUPED:
                return EVENT_MYOKYMIC;
        case CLASS_HIGH_FREQUENCY:
                return EVENT_HIGH_FREQUENCY_RUN;
        case CLASS_MULTISITE_JERK:
                return EVENT_JERK;
        case CLASS_CONTRACTION:
                /* A cramp is of a part of a muscle, and comes alone; with one channel nobody can tell. */
                return n_contracting(h) == 1 && n_usable(d) > 1 && !h->accompanied &&
                        h->end - h->onset > in_steps(d, CRAMP_S) ? EVENT_CRAMP_LIKE : EVENT_CONTRACTION;
        default:
                return EVENT_UNCLASSIFIED;
        }
}

static bool of_many_units(const CandidateEvent *h) {
        return h->class == CLASS_CONTRACTION || h->class == CLASS_MULTISITE_JERK ||
                h->class == CLASS_MULTIUNIT_BURST;
}

static void report(Detector *d, CandidateEvent *h) {
        DetectEvent event = {
                .id = h->notices.id ? h->notices.id : ++d->assembly.n_ids,
                .n_merged = h->notices.n_merged,
                .kind = kind_of(d, h),
                .n_channels = h->n_channels,
                .unit = of_many_units(h) ? 0 : h->units[0],
                .peak = detector_frame_of_step(d, h->peak),
                .onset = detector_frame_of_step(d, fmin(h->onset, h->peak)),
                .end = detector_frame_of_step(d, fmax(h->end, h->peak)),
                .amplitude_uv = (double) h->amplitude_uv,
                .snr = (double) h->snr,
                .discharges = h->n_discharges > 0 ? h->n_discharges : 1,
        };

        memcpy(event.merged, h->notices.merged, sizeof event.merged);
        memcpy(event.channels, h->channels, sizeof event.channels);
        for (size_t i = 0; i < h->n_channels; i++)
                event.lags[i] = i == 0 ? 0 : of_many_units(h) ? NAN : h->lags[i] * d->decimator.decimation;
        d->channels[h->channels[0]].n_events++;
        exposure_event(d, h, event.kind);
        if (d->config.on_event)
                d->config.on_event(&event, d->config.userdata);
}

void candidate_decide(Detector *d, CandidateEvent *h) {
        report(d, h);
        candidate_forget(d, h);
}

/* --- time --- */

void candidates_add(Detector *d, const CandidateEvent *new) {
        double step = (double) d->channels[new->channels[0]].history.end;

        switch (new->class) {
        case CLASS_CONTRACTION:
                contraction_add(d, new, step);
                break;
        case CLASS_MULTIUNIT_BURST:
                if (trains_is_group(d, new))
                        trains_add(d, new);
                else
                        burst_add(d, new, step);
                break;
        case CLASS_MULTISITE_JERK:
                burst_add(d, new, step);
                break;
        case CLASS_HIGH_FREQUENCY:
                high_frequency_add(d, new, step);
                break;
        default:
                trains_add(d, new);
        }
}

/* By an activity under way in the same channel, soon after it */
static bool followed(const Detector *d, const CandidateEvent *h) {
        for (size_t k = 0; k < h->n_channels; k++) {
                const Activity *activity = &d->channels[h->channels[k]].activity;

                if (activity->open && activity->first_peak > h->last_peak &&
                    activity->first_peak - h->last_peak < in_steps(d, BESIDE_CONTRACTION_S))
                        return true;
        }
        for (unsigned i = 0; i < d->candidates.size; i++) {
                const CandidateEvent *k = d->candidates.waiting + i;

                if (k->used && k != h && candidate_near(k, h) && k->peak > h->last_peak &&
                    k->peak - h->last_peak < in_steps(d, BESIDE_CONTRACTION_S))
                        return true;
        }
        return false;
}

/* Work is under way there, and from this until it began something came at least every half second. */
static bool recruits_into_contraction(const Detector *d, const CandidateEvent *h) {
        double beside = in_steps(d, BESIDE_CONTRACTION_S), reach = h->last_peak;
        unsigned i = 0;

        while (i < d->candidates.size) {
                const CandidateEvent *k = d->candidates.waiting + i++;

                if (k->used && k != h && k->class < CLASS_UNIT_TRAIN && candidate_near(k, h) &&
                    k->last_peak > reach && k->peak <= reach + beside) {
                        reach = k->last_peak;
                        i = 0;
                }
        }
        for (size_t k = 0; k < h->n_channels; k++) {
                const Activity *activity = &d->channels[h->channels[k]].activity;

                if (activity->open && activity->sustained && activity->onset > h->peak &&
                    activity->onset <= reach + beside)
                        return true;
        }
        return false;
}

/* Of a heart that is not known yet; of one that is suspected below the band all that is faint. */
static bool may_be_beat(const Detector *d, const CandidateEvent *h, double step) {
        bool suspected = slow_beats_suspected(&d->ecg.slow);
        bool like_beat = suspected ? h->slow || h->snr < FAINT * d->threshold : h->slow && !d->ecg.known;

        return like_beat && h->class != CLASS_CONTRACTION &&
                step - h->peak < in_steps(d, suspected ? SUSPECTED_S : FIRST_BEATS_S);
}

/*
 * Something is under way that it may be part of: a heart, too, of which the first beats are not known as
 * such.
 */
static bool must_wait(const Detector *d, const CandidateEvent *h, double step) {
        if (may_be_beat(d, h, step))
                return true;
        if (h->class <= CLASS_UNCLASSIFIED && step - h->peak < in_steps(d, HOLD_S) && followed(d, h))
                return true;
        if (h->class < CLASS_UNIT_TRAIN && recruits_into_contraction(d, h))
                return true;
        for (unsigned i = 0; i < d->config.n_channels && d->assembly.n_open > 0; i++) {
                const Activity *activity = &d->channels[i].activity;
                if (!activity->open)
                        continue;

                bool sustained = d->assembly.open[activity->event].sustained;
                if (sustained && activity->onset <= h->end + in_steps(d, BESIDE_CONTRACTION_S)) {
                        if (h->class == CLASS_CONTRACTION)
                                return true;
                        for (size_t k = 0;
                             k < h->n_channels && h->class != CLASS_UNIT_TRAIN && h->class != CLASS_GROUPED;
                             k++)
                                if (h->channels[k] == i)
                                        return true;
                        for (unsigned k = 0; k < h->n_beside && h->class < CLASS_UNIT_TRAIN; k++)
                                if (h->beside[k] == i)
                                        return true;
                }
                if (h->class > CLASS_UNCLASSIFIED && h->class != CLASS_UNIT_TRAIN &&
                    h->class != CLASS_GROUPED)
                        continue;
                for (size_t k = 0; k < h->n_channels; k++)
                        if (h->channels[k] == i && h->units[k] == activity->units[0].unit &&
                            h->units[k] > 0 && !sustained &&
                            activity->first_peak - h->last_peak <= in_steps(d, UNIT_NEXT_GROUP_S))
                                return true;
        }
        return false;
}

static void decide_if_due(Detector *d, CandidateEvent *h, double step) {
        bool too_long = step - h->onset > in_steps(d, LENGTH_MAX_S);

        if (!too_long && must_wait(d, h, step)) {
                candidate_set_deadline(d, h, step + in_steps(d, MUST_WAIT_S));
                return;
        }
        if (!trains_take_near_threshold(d, h))
                candidate_decide(d, h);
}

void candidates_step(Detector *d, double step) {
        Candidates *w = &d->candidates;

        while (step >= w->next_deadline) {
                CandidateEvent *first = NULL;

                w->next_deadline = INFINITY;
                for (unsigned i = 0; i < w->size; i++) {
                        CandidateEvent *h = w->waiting + i;
                        if (!h->used)
                                continue;
                        if (h->deadline <= step && (!first || h->peak < first->peak))
                                first = h;
                        w->next_deadline = fmin(w->next_deadline, h->deadline);
                }
                if (!first)
                        break;
                decide_if_due(d, first, step);
        }
}

void candidates_flush(Detector *d) {
        Candidates *w = &d->candidates;

        while (w->n > 0) {
                CandidateEvent *first = NULL;

                for (unsigned i = 0; i < w->size; i++)
                        if (w->waiting[i].used && (!first || w->waiting[i].peak < first->peak))
                                first = w->waiting + i;
                if (!trains_take_near_threshold(d, first) || first->class == CLASS_UNIT_TRAIN)
                        candidate_decide(d, first);
        }
        w->next_deadline = INFINITY;
}
