/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Happenings that wait: closed, but perhaps part of something longer. Each has a step at which it is decided if nothing
 * comes; and what becomes part of another goes on in it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "waiting.h"
#include "channel.h"
#include "detect.h"
#include "detector.h"
#include "exposure.h"
#include "happening.h"
#include "happenings.h"
#include "notice-ids.h"

#define WAITING_BASE 32u
#define WAITING_PER_CHANNEL 12u
#define BEAT_ON_TIME 0.2                /* of the period */

int happenings_init(Detector *d) {
        unsigned size = WAITING_BASE + WAITING_PER_CHANNEL * d->config.n_channels;

        d->happenings = (Happenings) {
                .waiting = calloc(size, sizeof *d->happenings.waiting),
                .size = size,
                .next_due = INFINITY,
        };
        return d->happenings.waiting ? 0 : -ENOMEM;
}

void happenings_done(Detector *d) {
        free(d->happenings.waiting);
}

/* --- places --- */

bool happening_near(const Happening *a, const Happening *b) {
        for (size_t i = 0; i < a->n_channels; i++)
                for (size_t k = 0; k < b->n_channels; k++)
                        if (a->channels[i] == b->channels[k])
                                return true;
        return false;
}

/* Of the same place: where it is seen best the longer one is seen, too. A neighbour's, at the same time by chance, is another. */
bool happening_at_place(const Happening *h, const Happening *longer) {
        for (size_t i = 0; i < longer->n_channels; i++)
                if (longer->channels[i] == h->channels[0])
                        return true;
        return false;
}

bool happening_of_one_unit(const Happening *a, const Happening *b) {
        if (!happening_at_place(a, b))
                return false;
        for (size_t i = 0; i < a->n_channels; i++)
                for (size_t k = 0; k < b->n_channels; k++)
                        if (a->channels[i] == b->channels[k] && a->units[i] > 0 && a->units[i] == b->units[k])
                                return true;
        return false;
}

/* Undecided ones of a channel; is one of them known to be more than a twitch? */
unsigned happenings_of_channel(const Detector *d, unsigned channel, bool *ret_longer) {
        const Happenings *w = &d->happenings;
        unsigned n = 0, left = w->n;

        *ret_longer = false;
        for (unsigned i = 0; left > 0; i++) {
                const Happening *h = w->waiting + i;
                if (!h->used)
                        continue;
                left--;
                for (size_t k = 0; k < h->n_channels; k++)
                        if (h->channels[k] == channel) {
                                n++;
                                *ret_longer = *ret_longer || h->form >= FORM_TRAIN;
                        }
        }
        return n;
}

/* --- coming, and going --- */

void happening_forget(Detector *d, Happening *h) {
        Happenings *w = &d->happenings;
        int index = (int) (h - w->waiting);

        h->used = false;
        w->n--;
        for (unsigned i = 0; i < w->size; i++)
                if (w->waiting[i].used && w->waiting[i].before == index)
                        w->waiting[i].before = -1;
}

void happening_set_due(Detector *d, Happening *h, double due) {
        h->due = due;
        d->happenings.next_due = fmin(d->happenings.next_due, due);
}

Happening* happening_wait(Detector *d, const Happening *h) {
        Happenings *w = &d->happenings;
        Happening *place = NULL, *first = NULL;

        for (unsigned i = 0; i < w->size && !place; i++) {
                Happening *k = w->waiting + i;
                if (!k->used)
                        place = k;
                else if (!first || k->due < first->due)
                        first = k;
        }
        if (!place) {
                happening_decide(d, first);
                place = first;
        }
        *place = *h;
        place->used = true;
        place->before = -1;
        place->due = INFINITY;
        w->n++;
        return place;
}

/* Its notices go on as those of what it is part of; false: so many that they cannot. */
bool happening_take_in(Detector *d, Happening *into, Happening *part) {
        if (!notices_merge(&into->notices, &part->notices))
                return false;
        into->onset = fmin(into->onset, part->onset);
        into->end = fmax(into->end, part->end);
        into->amplitude_uv = fmaxf(into->amplitude_uv, part->amplitude_uv);
        into->snr = fmaxf(into->snr, part->snr);
        into->n_discharges += part->n_discharges;
        if (part->used)
                happening_forget(d, part);
        return true;
}

static void was_beat(Detector *d, Happening *h) {
        DetectArtefact artefact = {
                .id = h->notices.id, .n_merged = h->notices.n_merged, .cause = ARTEFACT_ECG, .n_channels = h->n_channels,
                .from = detector_frame_of_step(d, h->onset), .to = detector_frame_of_step(d, h->end),
        };

        memcpy(artefact.merged, h->notices.merged, sizeof artefact.merged);
        memcpy(artefact.channels, h->channels, sizeof artefact.channels);
        for (size_t k = 0; k < h->n_channels; k++)
                exposure_exclude(d, d->channels + h->channels[k], h->onset, h->end, EXCLUSION_ECG);
        happening_forget(d, h);
        if (d->config.on_artefact)
                d->config.on_artefact(&artefact, d->config.userdata);
}

/* A heart is known now: what waits at even periods before this beat of it was of it; if its pace is even. */
void happenings_were_beats(Detector *d, double beat, double period, bool even) {
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *h = d->happenings.waiting + i;
                double periods = (beat - h->peak) / period;

                if (h->used && h->slow && h->form != FORM_WORK && (!even || fabs(periods - round(periods)) <= BEAT_ON_TIME))
                        was_beat(d, h);
        }
}

/* What was seen of a happening's first discharge where it is seen best, as the signal is known now. */
static float statistic_now(const Detector *d, const Happening *h) {
        const Channel *c = d->channels + h->channels[0];
        int64_t from = (int64_t) h->peak, to = from + d->bank.n_taps;
        float most = 0;

        for (int64_t s = from; s <= to && s <= d->step; s++)
                most = fmaxf(most, channel_statistic(d, c, s, d->outputs));
        return most;
}

/* A beat has been subtracted from a step on. What was closed by what came after it, and is not seen any more, was of it. */
void happenings_without_beat(Detector *d, int64_t from) {
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *h = d->happenings.waiting + i;

                if (h->used && h->form <= FORM_OTHER && h->onset > (double) from && d->channels[h->channels[0]].running &&
                    statistic_now(d, h) < d->threshold)
                        was_beat(d, h);
        }
}

/* What a channel alone saw from a step on is not to be believed. */
void happenings_drop(Detector *d, unsigned channel, double from, NoticeIds *notices) {
        for (unsigned i = 0; i < d->happenings.size; i++) {
                Happening *h = d->happenings.waiting + i;

                if (h->used && h->form < FORM_TRAIN && h->n_channels == 1 && h->channels[0] == channel &&
                    h->peak >= from && notices_merge(notices, &h->notices))
                        happening_forget(d, h);
        }
}
