/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a happening is part of: a train, groups, work, a jerk? It waits until nothing that could belong to it can come any
 * more, and is then reported as what it was, or disappears in what it was part of.
 *
 * Numbers: reference to the kinds of the design; Sleutjes 2016 (isolated: 250 ms), Minetto 2009 (cramps).
 */
#include <math.h>
#include <string.h>

#include "happenings.h"
#include "chain.h"
#include "detect.h"
#include "detector.h"
#include "events.h"
#include "exposure.h"
#include "happening.h"
#include "noise.h"
#include "trains.h"
#include "waiting.h"
#include "work.h"

#define HOLD_S 3.0                      /* while one follows on the other it may be the beginning of work */
#define CRAMP_S 5.0
#define LENGTH_MAX_S 60.0               /* then it is reported, and goes on as another */
#define BLOCKED_S 0.1
#define FIRST_BEATS_S 6.0               /* three of the slowest heart, five of a usual one whose pace is uneven: see heartbeat.c */

/* --- reports --- */

static unsigned n_usable(const Detector *d) {
        unsigned n = 0;
        for (unsigned i = 0; i < d->config.n_channels; i++)
                n += d->channels[i].running && noise_known(&d->channels[i].noise);
        return n;
}

/* Channels whose own muscle was at work, not such as saw a twitch or a jerk meanwhile. */
static unsigned n_working(const Happening *h) {
        unsigned n = 0;
        for (size_t i = 0; i < h->n_channels; i++)
                n += h->work_to[i] > h->work_from[i];
        return n;
}

static EventKind kind_of(const Detector *d, const Happening *h) {
        switch (h->form) {
        case FORM_TWITCH:
                return h->n_discharges >= 3 ? EVENT_MULTIPLET : h->n_discharges == 2 ? EVENT_DOUBLET : EVENT_FASCICULATION;
        case FORM_TRAIN:                /* or some discharges of what would be one, could more be seen */
                return h->n_discharges >= TRAIN_MIN ? EVENT_UNIT_TRAIN : EVENT_UNCLASSIFIED;
        case FORM_GROUPS:
                return EVENT_MYOKYMIC;
        case FORM_TONE:
                return EVENT_HIGH_FREQUENCY_RUN;
        case FORM_JERK:
                return EVENT_JERK;
        case FORM_WORK:
                /* A cramp is of a part of a muscle, and comes alone; with one channel nobody can tell. */
                return n_working(h) == 1 && n_usable(d) > 1 && !h->accompanied &&
                        h->end - h->onset > in_steps(d, CRAMP_S) ? EVENT_CRAMP_LIKE : EVENT_CONTRACTION;
        default:
                return EVENT_UNCLASSIFIED;
        }
}

static bool of_many_units(const Happening *h) {
        return h->form == FORM_WORK || h->form == FORM_JERK || h->form == FORM_BURST;
}

static void report(Detector *d, Happening *h) {
        DetectEvent event = {
                .id = h->notices.id ? h->notices.id : ++d->events.n_ids,
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
                event.lags[i] = i == 0 ? 0 : of_many_units(h) ? NAN : h->lags[i] * d->lowpass.decimation;
        d->channels[h->channels[0]].n_events++;
        exposure_event(d, h, event.kind);
        if (d->config.on_event)
                d->config.on_event(&event, d->config.userdata);
}

void happening_decide(Detector *d, Happening *h) {
        report(d, h);
        happening_forget(d, h);
}

/* --- time --- */

void happenings_add(Detector *d, const Happening *new) {
        double step = (double) d->channels[new->channels[0]].history.end;

        switch (new->form) {
        case FORM_WORK:
                work_add(d, new, step);
                break;
        case FORM_BURST:
                if (trains_is_group(d, new))
                        trains_add(d, new);
                else
                        burst_add(d, new, step);
                break;
        case FORM_JERK:
                burst_add(d, new, step);
                break;
        case FORM_TONE:
                tone_add(d, new, step);
                break;
        default:
                trains_add(d, new);
        }
}

/* By a chain under way in the same channel, soon after it */
static bool followed(const Detector *d, const Happening *h) {
        for (size_t k = 0; k < h->n_channels; k++) {
                const Chain *chain = &d->channels[h->channels[k]].chain;

                if (chain->open && chain->first_peak > h->last_peak &&
                    chain->first_peak - h->last_peak < in_steps(d, EVENTS_BESIDE_WORK_S))
                        return true;
        }
        for (unsigned i = 0; i < d->happenings.size; i++) {
                const Happening *k = d->happenings.waiting + i;

                if (k->used && k != h && happening_near(k, h) && k->peak > h->last_peak &&
                    k->peak - h->last_peak < in_steps(d, EVENTS_BESIDE_WORK_S))
                        return true;
        }
        return false;
}

/* Work is under way there, and from this until it began something came at least every half second. */
static bool leads_to_work(const Detector *d, const Happening *h) {
        double beside = in_steps(d, EVENTS_BESIDE_WORK_S), reach = h->last_peak;
        unsigned i = 0;

        while (i < d->happenings.size) {
                const Happening *k = d->happenings.waiting + i++;

                if (k->used && k != h && k->form < FORM_TRAIN && happening_near(k, h) && k->last_peak > reach &&
                    k->peak <= reach + beside) {
                        reach = k->last_peak;
                        i = 0;
                }
        }
        for (size_t k = 0; k < h->n_channels; k++) {
                const Chain *chain = &d->channels[h->channels[k]].chain;

                if (chain->open && chain->sustained && chain->onset > h->peak && chain->onset <= reach + beside)
                        return true;
        }
        return false;
}

/* Something is under way that it may be part of: a heart, too, of which the first beats are not known as such. */
static bool blocked(const Detector *d, const Happening *h, double step) {
        if (h->slow && h->form != FORM_WORK && !d->heart.known && step - h->peak < in_steps(d, FIRST_BEATS_S))
                return true;
        if (h->form <= FORM_OTHER && step - h->peak < in_steps(d, HOLD_S) && followed(d, h))
                return true;
        if (h->form < FORM_TRAIN && leads_to_work(d, h))
                return true;
        for (unsigned i = 0; i < d->config.n_channels && d->events.n_open > 0; i++) {
                const Chain *chain = &d->channels[i].chain;
                if (!chain->open)
                        continue;

                bool sustained = d->events.open[chain->event].sustained;
                if (sustained && chain->onset <= h->end + in_steps(d, EVENTS_BESIDE_WORK_S)) {
                        if (h->form == FORM_WORK)
                                return true;
                        for (size_t k = 0; k < h->n_channels && h->form != FORM_TRAIN && h->form != FORM_GROUPS; k++)
                                if (h->channels[k] == i)
                                        return true;
                        for (unsigned k = 0; k < h->n_beside && h->form < FORM_TRAIN; k++)
                                if (h->beside[k] == i)
                                        return true;
                }
                if (h->form > FORM_OTHER && h->form != FORM_TRAIN && h->form != FORM_GROUPS)
                        continue;
                for (size_t k = 0; k < h->n_channels; k++)
                        if (h->channels[k] == i && h->units[k] == chain->units[0].unit && h->units[k] > 0 && !sustained &&
                            chain->first_peak - h->last_peak <= in_steps(d, EVENTS_NEXT_GROUP_S))
                                return true;
        }
        return false;
}

static void when_due(Detector *d, Happening *h, double step) {
        bool too_long = step - h->onset > in_steps(d, LENGTH_MAX_S);

        if (!too_long && blocked(d, h, step)) {
                happening_set_due(d, h, step + in_steps(d, BLOCKED_S));
                return;
        }
        if (!trains_take_faint(d, h))
                happening_decide(d, h);
}

void happenings_step(Detector *d, double step) {
        Happenings *w = &d->happenings;

        while (step >= w->next_due) {
                Happening *first = NULL;

                w->next_due = INFINITY;
                for (unsigned i = 0; i < w->size; i++) {
                        Happening *h = w->waiting + i;
                        if (!h->used)
                                continue;
                        if (h->due <= step && (!first || h->peak < first->peak))
                                first = h;
                        w->next_due = fmin(w->next_due, h->due);
                }
                if (!first)
                        break;
                when_due(d, first, step);
        }
}

void happenings_flush(Detector *d) {
        Happenings *w = &d->happenings;

        while (w->n > 0) {
                Happening *first = NULL;

                for (unsigned i = 0; i < w->size; i++)
                        if (w->waiting[i].used && (!first || w->waiting[i].peak < first->peak))
                                first = w->waiting + i;
                if (!trains_take_faint(d, first) || first->form == FORM_TRAIN)
                        happening_decide(d, first);
        }
        w->next_due = INFINITY;
}
